//! Prints the digests of all seeds, for the run that compares itself with this one.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

fn main() {
    print!("{}", simulation::all());
}
