//! The only source of entropy: names that must not be guessed.

use std::fmt::Write as _;

use crate::error::Failure;

/// 256 random bits in hexadecimal.
pub(crate) fn token() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::surroundings(
            format!("the system gives no random numbers ({error})"),
            "make /dev/urandom readable",
        )
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string does not fail.
        let _written = write!(text, "{byte:02x}");
        text
    }))
}
