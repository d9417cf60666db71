//! The format of tar: what `kubectl cp` sends and reads (POSIX ustar, with GNU's and pax' long names).

/// Everything is written in units of so many bytes.
const BLOCK: usize = 512;
/// How long a name may be without a header of its own.
const SHORT: usize = 100;
const REGULAR: u8 = b'0';
const FOLDER: u8 = b'5';
const LONG_NAME: u8 = b'L';
const PAX: u8 = b'x';

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name; that of a directory ends with a slash.
    pub(super) name: String,
    pub(super) data: Vec<u8>,
    pub(super) folder: bool,
}

/// What is wrong with an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ends too early.
    Short,
    /// It is none.
    Magic,
}

fn header(name: &str, size: usize, kind: u8, mode: u32, time: i64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    };
    put(0, name.as_bytes().get(..SHORT).unwrap_or(name.as_bytes()));
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", time.max(0)).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar  \0");
    put(265, b"root");
    put(297, b"root");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *place = byte;
    }
    block
}

fn padded(archive: &mut Vec<u8>, data: &[u8]) {
    archive.extend_from_slice(data);
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

/// An archive.
pub(super) fn write(members: &[Member], time: i64) -> Vec<u8> {
    let mut archive = Vec::new();
    for member in members {
        if member.name.len() > SHORT {
            let name = format!("{}\0", member.name);
            archive.extend(header("././@LongLink", name.len(), LONG_NAME, 0, 0));
            padded(&mut archive, name.as_bytes());
        }
        let (kind, mode) = if member.folder { (FOLDER, 0o755) } else { (REGULAR, 0o644) };
        archive.extend(header(&member.name, member.data.len(), kind, mode, time));
        padded(&mut archive, &member.data);
    }
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}

fn text(block: &[u8], from: usize, length: usize) -> String {
    let field = block.get(from..from + length).unwrap_or_default();
    let field = field.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(field).into_owned()
}

/// The name in a pax header: lines of `LENGTH KEY=VALUE`.
fn pax_name(data: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(data);
    text.lines().find_map(|line| Some(line.split_once(" path=")?.1.to_owned()))
}

/// The members of an archive.
pub(super) fn read(archive: &[u8]) -> Result<Vec<Member>, Fault> {
    let mut members = Vec::new();
    let mut long = None;
    let mut rest = archive;
    loop {
        if rest.is_empty() {
            return if members.is_empty() { Err(Fault::Short) } else { Ok(members) };
        }
        let (block, after) = rest.split_at_checked(BLOCK).ok_or(Fault::Short)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(members);
        }
        if block.get(257..262).is_none_or(|magic| magic != b"ustar") {
            return Err(Fault::Magic);
        }
        let size = usize::from_str_radix(text(block, 124, 12).trim(), 8);
        let size = size.map_err(|_error| Fault::Magic)?;
        let data = after.get(..size).ok_or(Fault::Short)?;
        rest = after.get(size.next_multiple_of(BLOCK)..).unwrap_or_default();
        match block.get(156).copied().unwrap_or_default() {
            LONG_NAME => long = Some(text(data, 0, data.len())),
            PAX => long = pax_name(data).or(long),
            kind => {
                let own = match (text(block, 345, 155), text(block, 0, SHORT)) {
                    // GNU's times lie where others have the first part of a name.
                    (first, name) if first.is_empty() || block.get(263) == Some(&b' ') => name,
                    (first, name) => format!("{first}/{name}"),
                };
                let name = long.take().unwrap_or(own);
                let folder = kind == FOLDER || name.ends_with('/');
                if matches!(kind, 0 | REGULAR | FOLDER) {
                    members.push(Member { name, data: data.to_vec(), folder });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Member, read, write};

    fn member(name: &str, data: &[u8]) -> Member {
        Member { name: name.to_owned(), data: data.to_vec(), folder: name.ends_with('/') }
    }

    #[test]
    fn what_is_written_is_read() {
        let long = format!("{}/f", "d".repeat(120));
        let all = [
            member("d/", b""),
            member("d/binary", &[0, 255, 10, 13]),
            member(&long, &[7; 513]),
            member("empty", b""),
        ];
        let archive = write(&all, 1_790_000_000);
        assert_eq!(archive.len() % 512, 0);
        assert_eq!(read(&archive), Ok(all.to_vec()));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert_eq!(read(b""), Err(Fault::Short));
        assert_eq!(read(&[7; 512]), Err(Fault::Magic));
        let archive = write(&[member("f", &[1; 600])], 0);
        assert_eq!(read(&archive[..1000]), Err(Fault::Short));
    }
}
