//! The stores of a data folder whose stack does not run, for the operator's commands: amoCRM's code lives 20 minutes, and
//! may be there before the stack is.

use std::path::Path;

use anyhow::Context as _;
use settings::{Env, Tables};
use simulators::sqs::{self, Sqs};
use storage::{Aws, AwsSettings};

use crate::database::Database;
use crate::folder::Folder;
use crate::parts::Variables;
use crate::stack::own_aws;

/// The stores of a data folder, kept from any stack as long as this lives.
pub struct Resting {
    variables: Variables,
    _folder: Folder,
    _database: Database,
    _sqs: Sqs,
}

impl Resting {
    /// Opens the stores of the folder, creating what is not there yet.
    ///
    /// # Errors
    /// A stack runs over the folder, or it cannot be written.
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        let folder = Folder::open(Some(path))?;
        let database = Database::start(folder.file("dynamodb.sqlite").as_deref()).await?;
        let options = sqs::Options { journal: folder.file("queue.jsonl"), ..sqs::Options::default() };
        let sqs = Sqs::start(options).await.context("cannot start the queue")?;
        let mut variables = Variables::new();
        own_aws(&mut variables, database.url(), &sqs);
        let mut env = Env::from_pairs(variables.clone());
        let aws = Aws::connect(&AwsSettings::read(&mut env)).await;
        storage::schema::create(&aws.dynamodb, &Tables::read(&mut env)).await?;
        Ok(Self { variables, _folder: folder, _database: database, _sqs: sqs })
    }

    /// Where the stores are, as the settings name it.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.variables.iter().map(|(name, value)| (name.clone(), value.clone()))
    }
}
