//! What a client can make happen.

use serde::{Deserialize, Serialize};

/// One execution of a cell, chosen by the client (also its idempotency key).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

/// A command with the key that makes sending it twice harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandEnvelope {
    /// Unique per click. A second envelope with the same run is ignored.
    pub run: RunId,
    /// What to do.
    pub command: Command,
}

/// Something that happens. Results arrive as events that carry the same run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Command {
    /// Apply (`kubectl apply`) the text of a manifest cell as the cell's persona.
    Apply {
        /// The manifest cell.
        cell: String,
        /// YAML as the learner edited it, any number of documents.
        text: String,
    },
    /// Delete what the text of a manifest cell names (`kubectl delete -f`).
    Delete {
        /// The manifest cell.
        cell: String,
        /// YAML as the learner edited it.
        text: String,
    },
    /// Run the commands of an action cell.
    Act {
        /// The action cell.
        cell: String,
    },
    /// Set the load of a load cell.
    Load {
        /// The load cell.
        cell: String,
        /// How many pods make requests; at none the load ends.
        pods: u32,
    },
    /// Run one line of the kubectl console.
    Console {
        /// The console cell, or `console` for the free console of the page.
        cell: String,
        /// For example `kubectl get pods -n dev -o wide`.
        line: String,
        /// Persona to act as; the scenario's first when absent.
        persona: Option<String>,
        /// Text for `-f -`, when the line reads standard input.
        stdin: Option<String>,
    },
    /// Evaluate the checks of a check cell.
    Check {
        /// The check cell.
        cell: String,
    },
    /// Play the solution of a step: apply its solved manifests and run its actions in order.
    Solve {
        /// The step.
        step: String,
        /// Steps whose solutions are played before it, in this order. One that fails ends the run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        before: Vec<String>,
    },
    /// Type into a run that listens ([`super::EventBody::Listening`]).
    Input {
        /// The run.
        target: RunId,
        /// Text with line breaks and control characters (3 interrupts, 4 ends the input), as a terminal sends them.
        text: String,
    },
    /// Stop a run that is still waiting. What was done stays done.
    Cancel {
        /// The run to stop.
        target: RunId,
    },
    /// Move the clock (embedded only).
    Clock {
        /// How.
        clock: ClockCommand,
    },
    /// Take the cluster back to where a cell, a step or the scenario began. Can be undone.
    Reset {
        /// How far back.
        scope: ResetScope,
    },
    /// Undo the last reset.
    Undo,
    /// Find out what the cluster can do that the scenario needs.
    Preflight,
}

/// How far a reset goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetScope {
    /// To the state before this cell first ran.
    Cell {
        /// The cell.
        cell: String,
    },
    /// To the state before this step's first run.
    Step {
        /// The step.
        step: String,
    },
    /// To the state before this run, also one that a reset left behind: resets are runs themselves, so that
    /// whoever went back and on from there finds the other branch before the reset.
    Run {
        /// The run.
        run: RunId,
    },
    /// To the state after the scenario's setup.
    Scenario,
}

/// Movements of simulated time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockCommand {
    /// Stop time.
    Pause,
    /// Let time run at a speed (cluster seconds per wall second, 1 to 64).
    Run {
        /// The speed.
        speed: u32,
    },
    /// Move to the next thing that will happen by itself, and stop there.
    Step,
    /// Move forward by this many milliseconds at once.
    Advance {
        /// Milliseconds, at most a day.
        millis: u64,
    },
    /// Move forward to the next time that the cluster's clocks show this time of the day (UTC).
    Daily {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// Move forward until something is true.
    Until {
        /// What follows `kubectl wait`, as `--for=condition=Ready pod/web -n dev`; an hour unless it has a `--timeout`.
        condition: String,
    },
}
