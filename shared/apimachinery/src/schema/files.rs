//! The files of `schema/`, compiled in.

/// `schema/openapi/*.txt`.
pub(super) const OPENAPI: [&str; 22] = [
    include_str!("../../schema/openapi/admissionregistration.txt"),
    include_str!("../../schema/openapi/apiextensions.txt"),
    include_str!("../../schema/openapi/apimachinery.txt"),
    include_str!("../../schema/openapi/apiregistration.txt"),
    include_str!("../../schema/openapi/apps.txt"),
    include_str!("../../schema/openapi/authentication.txt"),
    include_str!("../../schema/openapi/authorization.txt"),
    include_str!("../../schema/openapi/autoscaling.txt"),
    include_str!("../../schema/openapi/batch.txt"),
    include_str!("../../schema/openapi/certificates.txt"),
    include_str!("../../schema/openapi/coordination.txt"),
    include_str!("../../schema/openapi/core.txt"),
    include_str!("../../schema/openapi/discovery.txt"),
    include_str!("../../schema/openapi/events.txt"),
    include_str!("../../schema/openapi/flowcontrol.txt"),
    include_str!("../../schema/openapi/networking.txt"),
    include_str!("../../schema/openapi/node.txt"),
    include_str!("../../schema/openapi/policy.txt"),
    include_str!("../../schema/openapi/rbac.txt"),
    include_str!("../../schema/openapi/resource.txt"),
    include_str!("../../schema/openapi/scheduling.txt"),
    include_str!("../../schema/openapi/storage.txt"),
];

/// `schema/wire/*.txt`.
pub(super) const WIRE: [&str; 22] = [
    include_str!("../../schema/wire/admissionregistration.txt"),
    include_str!("../../schema/wire/apiextensions.txt"),
    include_str!("../../schema/wire/apimachinery.txt"),
    include_str!("../../schema/wire/apiregistration.txt"),
    include_str!("../../schema/wire/apps.txt"),
    include_str!("../../schema/wire/authentication.txt"),
    include_str!("../../schema/wire/authorization.txt"),
    include_str!("../../schema/wire/autoscaling.txt"),
    include_str!("../../schema/wire/batch.txt"),
    include_str!("../../schema/wire/certificates.txt"),
    include_str!("../../schema/wire/coordination.txt"),
    include_str!("../../schema/wire/core.txt"),
    include_str!("../../schema/wire/discovery.txt"),
    include_str!("../../schema/wire/events.txt"),
    include_str!("../../schema/wire/flowcontrol.txt"),
    include_str!("../../schema/wire/networking.txt"),
    include_str!("../../schema/wire/node.txt"),
    include_str!("../../schema/wire/policy.txt"),
    include_str!("../../schema/wire/rbac.txt"),
    include_str!("../../schema/wire/resource.txt"),
    include_str!("../../schema/wire/scheduling.txt"),
    include_str!("../../schema/wire/storage.txt"),
];

/// `schema/discovery.txt`.
pub(super) const DISCOVERY: &str = include_str!("../../schema/discovery.txt");
