//! How fast an autoscaler may follow: stabilisation windows and policies.

use serde_json::{Value, json};

use super::Turn;
use crate::fields;

/// `--horizontal-pod-autoscaler-downscale-stabilization`, in seconds.
const DOWN_WINDOW: i64 = 300;
/// Changes of size are older than any period then, in seconds (the API allows half an hour).
const OLDEST: i64 = 1800;

/// A number at a time.
#[derive(Debug, Clone, Copy)]
struct Past {
    /// In seconds.
    at: i64,
    number: i64,
}

const FAST_UP: (&str, &str) =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const FAST_DOWN: (&str, &str) = (
    "ScaleDownLimit",
    "the desired replica count is decreasing faster than the maximum scale rate",
);
const TOO_MANY: (&str, &str) =
    ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FEW: (&str, &str) =
    ("TooFewReplicas", "the desired replica count is less than the minimum replica count");

impl Turn<'_> {
    fn past(&self, list: &str) -> Vec<Past> {
        let oldest = self.aggregation.now.as_second() - self.kept(list);
        fields::items(&self.memory, &format!("/{list}"))
            .iter()
            .filter_map(|one| {
                Some(Past { at: one.get(0)?.as_i64()?, number: one.get(1)?.as_i64()? })
            })
            .filter(|one| one.at >= oldest)
            .collect()
    }

    /// How long recommendations count, and how long changes of size, in seconds.
    fn kept(&self, list: &str) -> i64 {
        if list == "recommended" {
            self.window("scaleUp", 0).max(self.window("scaleDown", DOWN_WINDOW))
        } else {
            OLDEST
        }
    }

    fn note(&mut self, list: &str, number: i64) {
        let now = self.aggregation.now.as_second();
        let mut all: Vec<(i64, i64)> =
            self.past(list).into_iter().map(|one| (one.at, one.number)).collect();
        all.push((now, number));
        fields::put(&mut self.memory, &format!("/{list}"), json!(all));
    }

    /// `recordInitialRecommendation`: the size that was found counts as the first recommendation.
    pub(super) fn record_initial(&mut self, current: i64) {
        if fields::items(&self.memory, "/recommended").is_empty() {
            self.note("recommended", current);
        }
    }

    /// `storeScaleEvent`.
    pub(super) fn record_scaling(&mut self, from: i64, to: i64) {
        if to > from {
            self.note("added", to - from);
        } else {
            self.note("removed", from - to);
        }
    }

    fn rule(&self, direction: &str, key: &str) -> Option<&Value> {
        self.autoscaler.pointer(&format!("/spec/behavior/{direction}/{key}"))
    }

    fn window(&self, direction: &str, otherwise: i64) -> i64 {
        self.rule(direction, "stabilizationWindowSeconds")
            .and_then(Value::as_i64)
            .unwrap_or(otherwise)
    }

    /// What is done of what the metrics want.
    pub(super) fn normalise(&mut self, current: i64, wanted: i64) -> i64 {
        let behaves = self.autoscaler.pointer("/spec/behavior").is_some();
        let stable = self.stabilise(current, wanted, behaves);
        let (size, limited) =
            if behaves { self.rate(current, stable) } else { self.plain(current, stable) };
        if let Some((reason, message)) = limited {
            self.condition("ScalingLimited", "True", reason, message);
        } else {
            let text = "the desired count is within the acceptable range";
            self.condition("ScalingLimited", "False", "DesiredWithinRange", text);
        }
        size
    }

    /// `stabilizeRecommendation`, `stabilizeRecommendationWithBehaviors`.
    fn stabilise(&mut self, current: i64, wanted: i64, behaves: bool) -> i64 {
        let now = self.aggregation.now.as_second();
        let (up, down) = if behaves {
            (self.window("scaleUp", 0), self.window("scaleDown", DOWN_WINDOW))
        } else {
            (0, DOWN_WINDOW)
        };
        let past = self.past("recommended");
        let within = |window: i64| {
            past.iter().filter(move |one| one.at > now - window).map(|one| one.number)
        };
        let lowest = within(up).fold(wanted, i64::min);
        let highest = within(down).fold(wanted, i64::max);
        let stable = if behaves { current.max(lowest).min(highest) } else { highest };
        self.note("recommended", wanted);
        let (reason, text) = match (stable == wanted, behaves && wanted >= current) {
            (true, _) => ("ReadyForNewScale", "recommended size matches current size"),
            (false, true) => (
                "ScaleUpStabilized",
                "recent recommendations were lower than current one, applying the lowest recent recommendation",
            ),
            (false, false) => (
                "ScaleDownStabilized",
                "recent recommendations were higher than current one, applying the highest recent recommendation",
            ),
        };
        self.condition("AbleToScale", "True", reason, text);
        stable
    }

    /// `convertDesiredReplicasWithRules`.
    fn plain(&self, current: i64, wanted: i64) -> (i64, Option<(&'static str, &'static str)>) {
        let limit = (2 * current).max(4);
        let (most, why) =
            if self.max() > limit { (limit, FAST_UP) } else { (self.max(), TOO_MANY) };
        if wanted < self.min() {
            (self.min(), Some(TOO_FEW))
        } else if wanted > most {
            (most, Some(why))
        } else {
            (wanted, None)
        }
    }

    /// `convertDesiredReplicasWithBehaviorRate`.
    fn rate(&self, current: i64, wanted: i64) -> (i64, Option<(&'static str, &'static str)>) {
        if wanted > current {
            let limit = self.limit("scaleUp", current).max(current);
            let (most, why) =
                if self.max() > limit { (limit, FAST_UP) } else { (self.max(), TOO_MANY) };
            if wanted > most {
                return (most, Some(why));
            }
        } else if wanted < current {
            let limit = self.limit("scaleDown", current).min(current);
            let (least, why) =
                if self.min() < limit { (limit, FAST_DOWN) } else { (self.min(), TOO_FEW) };
            if wanted < least {
                return (least, Some(why));
            }
        }
        (wanted, None)
    }

    /// `calculateScaleUpLimitWithScalingRules`, `calculateScaleDownLimitWithBehaviors`.
    fn limit(&self, direction: &str, current: i64) -> i64 {
        let up = direction == "scaleUp";
        let select = self.rule(direction, "selectPolicy").and_then(Value::as_str).unwrap_or("Max");
        if select == "Disabled" {
            return current;
        }
        let now = self.aggregation.now.as_second();
        let sum = |list: &str, period: i64| -> i64 {
            let past = self.past(list);
            past.iter().filter(|one| one.at > now - period).map(|one| one.number).sum()
        };
        let policies =
            fields::items(self.autoscaler, &format!("/spec/behavior/{direction}/policies"));
        let limits = policies.iter().map(|policy| {
            let value = fields::number(policy, "/value").unwrap_or_default();
            let period = fields::number(policy, "/periodSeconds").unwrap_or_default();
            let start = current - sum("added", period) + sum("removed", period);
            let percent = fields::text(policy, "/type") == "Percent";
            match (up, percent) {
                (true, true) => (start * (100 + value) + 99) / 100,
                (true, false) => start + value,
                (false, true) => start * (100 - value) / 100,
                (false, false) => start - value,
            }
        });
        // The policy that allows the greatest change, or the smallest one.
        let highest = up == (select == "Max");
        let unlimited = if up { i64::from(i32::MAX) } else { 0 };
        if highest { limits.max() } else { limits.min() }.unwrap_or(unlimited)
    }
}
