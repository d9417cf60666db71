//! Progress on the terminal: what is being done, and how long it took.

use std::time::{Duration, Instant};

/// Runs a step, saying before what it does and after how long it took.
pub(crate) fn step<T>(
    what: &str,
    work: impl FnOnce() -> Result<T, crate::Failure>,
) -> Result<T, crate::Failure> {
    println!("> {what}");
    let started = Instant::now();
    let result = work();
    let took = started.elapsed();
    match &result {
        Ok(_) if took < Duration::from_millis(500) => {}
        Ok(_) => println!("  done in {}", human(took)),
        Err(_) => println!("  failed after {}", human(took)),
    }
    result
}

/// A duration for people: `0.8 s`, `12 s`, `3 min 5 s`.
pub(crate) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 10 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if seconds < 60 {
        format!("{seconds} s")
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}
