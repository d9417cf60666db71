//! Distinguished encoding rules (X.690), reading only.

const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// What is left of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next value: its tag and its content.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.rest.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if *first >= 0x80 {
            let count = usize::from(*first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (digits, after) = rest.split_at_checked(count)?;
            length = digits.iter().fold(0, |all, digit| all << 8 | usize::from(*digit));
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.rest = after;
        Some((*tag, content))
    }

    /// The content of the next value when it has this tag; otherwise it stays.
    pub(super) fn tagged(&mut self, wanted: u8) -> Option<Self> {
        let mut ahead = *self;
        let (tag, content) = ahead.any()?;
        if tag != wanted {
            return None;
        }
        *self = ahead;
        Some(Self::new(content))
    }

    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.tagged(SEQUENCE)
    }

    pub(super) fn set(&mut self) -> Option<Self> {
        self.tagged(SET)
    }

    pub(super) fn integer(&mut self) -> Option<Self> {
        self.tagged(INTEGER)
    }

    /// An object identifier, as it is encoded.
    pub(super) fn object(&mut self) -> Option<&'a [u8]> {
        self.tagged(OBJECT).map(|found| found.rest)
    }
}
