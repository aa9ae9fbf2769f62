//! What a file's name says of it.

/// Media types as Telegram's apps report them.
const TYPES: [(&[&str], &str); 14] = [
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["png"], "image/png"),
    (&["webp"], "image/webp"),
    (&["heic"], "image/heic"),
    (&["heif"], "image/heif"),
    (&["avif"], "image/avif"),
    (&["gif"], "image/gif"),
    (&["bmp"], "image/bmp"),
    (&["tif", "tiff"], "image/tiff"),
    (&["mp4"], "video/mp4"),
    (&["mov"], "video/quicktime"),
    (&["pdf"], "application/pdf"),
    (&["txt"], "text/plain"),
    (&["zip"], "application/zip"),
];

/// The media type of a file of this name.
pub(super) fn media_type(name: &str) -> &'static str {
    let extension = extension(name);
    let known = TYPES.iter().find(|(extensions, _)| extensions.contains(&extension.as_str()));
    known.map_or("application/octet-stream", |(_, kind)| kind)
}

/// What stands after the last dot, in small letters; `bin` where nothing usable does.
pub(super) fn extension(name: &str) -> String {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let usable = (1..=8).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if usable { extension } else { "bin".to_owned() }
}

/// Width and height of a PNG, as its header says; of a JPEG those of a camera, whatever is in it. `None` if it is
/// neither.
pub(super) fn picture_sides(bytes: &[u8]) -> Option<(u32, u32)> {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some((1280, 960));
    }
    let side = |from: usize| bytes.get(from..from + 4)?.try_into().ok().map(u32::from_be_bytes);
    bytes.starts_with(PNG).then(|| Some((side(16)?, side(20)?)))?
}

/// The media type of a picture, as its first bytes say.
pub(super) fn picture_type(bytes: &[u8]) -> (&'static str, &'static str) {
    if bytes.starts_with(b"\x89PNG") { ("png", "image/png") } else { ("jpg", "image/jpeg") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_type_and_whatever_it_holds_a_path_stays_a_path() {
        for (name, kind, ending) in [
            ("IMG_2041.HEIC", "image/heic", "heic"),
            ("скан.webp", "image/webp", "webp"),
            ("ПТС.pdf", "application/pdf", "pdf"),
            ("договор", "application/octet-stream", "bin"),
            ("a.b/../c?d", "application/octet-stream", "bin"),
            ("архив.архив", "application/octet-stream", "bin"),
        ] {
            assert_eq!((media_type(name), extension(name).as_str()), (kind, ending), "{name}");
        }
    }
}
