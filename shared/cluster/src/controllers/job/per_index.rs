//! Jobs that count failures for each index (`pkg/controller/job/backoff_utils.go`, `indexed_job_utils.go`).

use serde_json::Value;

use super::{Sync, Verdict, pods, policy};
use crate::fields;

/// How often the pod's index had failed before it.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// How often an index may fail; none where the whole job counts.
pub(super) fn limit(job: &Value) -> Option<i64> {
    fields::number(job, "/spec/backoffLimitPerIndex")
}

/// Whether the index of a failed pod has failed for good.
pub(super) fn is_lost(job: &Value, pod: &Value) -> bool {
    let before = fields::annotation(pod, FAILURES).parse::<i64>().unwrap_or_default();
    limit(job).is_some_and(|limit| before >= limit || policy::fails_index(job, pod))
}

/// How often an index has failed so far.
pub(super) fn failures(sync: &Sync<'_>, index: i64) -> i64 {
    let of_index = sync.pods.iter().filter(|pod| pods::index(pod) == Some(index));
    let failed = of_index.filter(|pod| pods::failed(sync.job, pod));
    let counts = failed.map(|pod| fields::annotation(pod, FAILURES).parse().unwrap_or(0) + 1);
    counts.max().unwrap_or_default()
}

/// The end of a job some of whose indexes have failed: when they are too many, or when no other is left.
pub(super) fn verdict(sync: &Sync<'_>) -> Option<Verdict> {
    limit(sync.job)?;
    let failed = sync.failed_indexes.count();
    if fields::number(sync.job, "/spec/maxFailedIndexes").is_some_and(|most| failed > most) {
        return Some(Verdict::failure(
            "MaxFailedIndexesExceeded",
            "Job has exceeded the specified maximal number of failed indexes",
        ));
    }
    let wanted = fields::number(sync.job, "/spec/completions")?;
    let done = failed > 0 && failed + sync.succeeded_indexes.count() >= wanted;
    done.then(|| Verdict::failure("FailedIndexes", "Job has failed indexes"))
}
