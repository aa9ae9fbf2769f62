//! Changing a shared document.

use serde::Serialize;
use serde::de::DeserializeOwned;
use settings::Retry;
use storage::{Documents, SaveError, StorageError, Versioned, pause_after_conflict};

/// Reads the document (a default one if there is none), lets `change` change it, and stores it if it did. When somebody
/// else changed it meanwhile, `change` is applied to what they stored.
///
/// # Errors
/// When the table cannot be read or written, or too many others keep changing the document.
pub async fn update_document<T, R>(
    documents: &Documents,
    key: &str,
    mut change: impl FnMut(&mut T) -> R,
) -> Result<R, SaveError>
where
    T: Default + Clone + PartialEq + Serialize + DeserializeOwned,
{
    let retry = Retry::SHARED_DOCUMENT;
    for tried in 1..=retry.tries {
        let mut document = load_document::<T>(documents, key).await?;
        let before = document.value.clone();
        let result = change(&mut document.value);
        if document.value == before {
            return Ok(result);
        }
        match documents.save(key, &mut document).await {
            Ok(()) => return Ok(result),
            Err(SaveError::Conflict) => {
                pause_after_conflict(retry, tried).await;
            }
            Err(error) => return Err(error),
        }
    }
    Err(SaveError::Conflict)
}

/// The document, a default one if there is none.
///
/// # Errors
/// When the table cannot be read.
pub async fn load_document<T: Default + DeserializeOwned>(
    documents: &Documents,
    key: &str,
) -> Result<Versioned<T>, StorageError> {
    Ok(documents.load(key).await?.unwrap_or_default())
}
