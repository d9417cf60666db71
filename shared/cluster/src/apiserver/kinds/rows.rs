//! The table of kinds: what differs between them, in a row for each.

use apimachinery::names;

use super::{
    INERT, Kind, PLAIN, addresses, api_service, autoscaler, batch, certificate, claim, counts,
    definition, device_slices, devices, endpoints, events, flow, ingress, job_template, labels,
    lease, meta, network_policy, node, persistent_volume, pod, pod_warnings, policies, quota, rbac,
    service, service_account, service_rules, sets, settings, storage, webhook, workload,
};

/// All kinds that have something of their own.
pub(super) static KINDS: &[Kind] = &[
    Kind {
        key: "pods",
        generation: true,
        name: names::dns1123_subdomain,
        default: pod::default,
        prepare_create: pod::prepare_create,
        validate: pod::validate,
        validate_update: pod::validate_update,
        warnings: pod_warnings::of_pod,
        fields: pod::FIELDS,
        ..PLAIN
    },
    Kind {
        key: "deployments.apps",
        generation: true,
        default: workload::default_deployment,
        validate: workload::validate_deployment,
        validate_update: workload::validate_deployment_update,
        validate_status: counts::deployment,
        warnings: pod_warnings::of_template,
        ..PLAIN
    },
    Kind {
        key: "replicasets.apps",
        generation: true,
        default: workload::default_replica_set,
        validate: workload::validate_replica_set,
        validate_update: workload::validate_replica_set_update,
        validate_status: counts::replica_set,
        warnings: pod_warnings::of_template,
        ..PLAIN
    },
    Kind {
        key: "statefulsets.apps",
        generation: true,
        name: names::dns1123_label,
        default: workload::default_stateful_set,
        validate: sets::validate_stateful_set,
        validate_update: sets::validate_stateful_set_update,
        validate_status: counts::stateful_set,
        warnings: pod_warnings::of_template,
        ..PLAIN
    },
    Kind {
        key: "daemonsets.apps",
        generation: true,
        default: workload::default_daemon_set,
        prepare_create: workload::prepare_daemon_set,
        validate: sets::validate_daemon_set,
        validate_update: sets::validate_daemon_set_update,
        validate_status: counts::daemon_set,
        warnings: pod_warnings::of_template,
        ..PLAIN
    },
    Kind {
        key: "replicationcontrollers",
        generation: true,
        default: workload::default_replication_controller,
        validate: sets::validate_replication_controller,
        validate_status: counts::replica_set,
        warnings: pod_warnings::of_template,
        fields: &["status.replicas"],
        ..PLAIN
    },
    Kind {
        key: "podtemplates",
        generation: true,
        create_on_update: true,
        default: settings::default_pod_template,
        validate: settings::validate_pod_template,
        warnings: pod_warnings::of_template,
        ..INERT
    },
    Kind {
        key: "jobs.batch",
        generation: true,
        default: batch::default_job,
        prepare_create: batch::prepare_job,
        validate: batch::validate_job,
        validate_update: batch::validate_job_update,
        validate_status: job_template::validate_status,
        warnings: pod_warnings::of_template,
        fields: &["status.successful"],
        ..PLAIN
    },
    Kind {
        key: "cronjobs.batch",
        generation: true,
        default: batch::default_cron_job,
        validate: batch::validate_cron_job,
        validate_create: batch::validate_cron_job_create,
        warnings: pod_warnings::of_template,
        ..PLAIN
    },
    Kind {
        key: "services",
        create_on_update: true,
        name: labels::name,
        default: service::default,
        prepare_create: service::prepare_create,
        validate: service_rules::validate,
        validate_update: service_rules::validate_update,
        validate_status: service_rules::validate_status,
        warnings: service_rules::warnings,
        fields: &["spec.clusterIP", "spec.type"],
        ..PLAIN
    },
    Kind {
        key: "endpoints",
        create_on_update: true,
        default: endpoints::default,
        validate_create: endpoints::validate,
        validate_update: endpoints::validate_update,
        ..PLAIN
    },
    Kind {
        key: "endpointslices.discovery.k8s.io",
        generation: true,
        default: endpoints::default_slice,
        validate: endpoints::validate_slice,
        validate_create: endpoints::validate_slice_endpoints,
        validate_update: endpoints::validate_slice_update,
        ..PLAIN
    },
    Kind {
        key: "configmaps",
        validate: settings::validate_config_map,
        validate_update: settings::validate_immutable,
        ..PLAIN
    },
    Kind {
        key: "secrets",
        default: settings::default_secret,
        validate: settings::validate_secret,
        validate_update: settings::validate_secret_update,
        fields: &["type"],
        ..PLAIN
    },
    Kind { key: "serviceaccounts", prepare_create: service_account::prepare, ..PLAIN },
    Kind {
        key: "namespaces",
        name: labels::name,
        default: settings::default_namespace,
        prepare_create: settings::prepare_namespace,
        validate: meta::validate_namespace,
        fields: &["status.phase"],
        ..PLAIN
    },
    Kind {
        key: "nodes",
        default: node::default,
        validate: node::validate,
        validate_update: node::validate_update,
        fields: &["spec.unschedulable"],
        ..PLAIN
    },
    Kind {
        key: "events",
        create_on_update: true,
        validate: events::validate,
        fields: events::FIELDS,
        ..PLAIN
    },
    Kind {
        key: "networkpolicies.networking.k8s.io",
        generation: true,
        default: network_policy::default,
        validate: network_policy::validate,
        ..PLAIN
    },
    Kind {
        key: "roles.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        validate: rbac::validate_role,
        ..PLAIN
    },
    Kind {
        key: "clusterroles.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        validate: rbac::validate_cluster_role,
        ..PLAIN
    },
    Kind {
        key: "rolebindings.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        default: rbac::default_binding,
        validate: rbac::validate_binding,
        validate_update: rbac::validate_binding_update,
        ..PLAIN
    },
    Kind {
        key: "clusterrolebindings.rbac.authorization.k8s.io",
        create_on_update: true,
        name: names::path_segment,
        default: rbac::default_binding,
        validate: rbac::validate_binding,
        validate_update: rbac::validate_binding_update,
        ..PLAIN
    },
    Kind {
        key: "resourcequotas",
        validate: quota::validate,
        validate_update: quota::validate_update,
        ..PLAIN
    },
    Kind {
        key: "limitranges",
        create_on_update: true,
        default: quota::default_limit_range,
        validate: quota::validate_limit_range,
        ..PLAIN
    },
    Kind {
        key: "priorityclasses.scheduling.k8s.io",
        create_on_update: true,
        generation: true,
        default: settings::default_priority_class,
        validate: settings::validate_priority_class,
        validate_update: settings::validate_priority_class_update,
        ..PLAIN
    },
    Kind {
        key: "leases.coordination.k8s.io",
        prepare_create: lease::drop_gated,
        create_on_update: true,
        unconditional_update: false,
        validate: lease::validate,
        ..PLAIN
    },
    Kind {
        key: "deviceclasses.resource.k8s.io",
        generation: true,
        validate: devices::validate_class,
        ..INERT
    },
    Kind {
        key: "resourceclaims.resource.k8s.io",
        default: devices::default_claim,
        validate_create: devices::validate_claim,
        validate_update: devices::validate_claim_update,
        ..INERT
    },
    Kind {
        key: "resourceclaimtemplates.resource.k8s.io",
        default: devices::default_template,
        validate_create: devices::validate_template,
        validate_update: devices::validate_template_update,
        ..INERT
    },
    Kind {
        key: "resourceslices.resource.k8s.io",
        generation: true,
        validate: device_slices::validate,
        validate_update: device_slices::validate_update,
        fields: &["spec.nodeName", "spec.driver"],
        ..INERT
    },
    Kind {
        key: "runtimeclasses.node.k8s.io",
        create_on_update: true,
        unconditional_update: false,
        validate: lease::validate_runtime_class,
        validate_update: lease::validate_runtime_class_update,
        ..PLAIN
    },
    Kind {
        key: "persistentvolumeclaims",
        default: storage::default_claim,
        prepare_create: storage::prepare_claim,
        validate: claim::validate,
        warnings: claim::warnings,
        validate_update: claim::validate_update,
        validate_status: claim::validate_status,
        ..PLAIN
    },
    Kind {
        key: "persistentvolumes",
        default: storage::default_volume,
        prepare_create: storage::prepare_volume,
        validate: persistent_volume::validate,
        warnings: persistent_volume::warnings,
        validate_update: persistent_volume::validate_update,
        ..PLAIN
    },
    Kind {
        key: "storageclasses.storage.k8s.io",
        default: storage::default_class,
        validate: storage::validate_class,
        validate_update: storage::validate_class_update,
        ..PLAIN
    },
    Kind {
        key: "volumeattributesclasses.storage.k8s.io",
        prepare_create: storage::prepare_attributes_class,
        validate: storage::validate_attributes_class,
        validate_update: storage::validate_attributes_class_update,
        ..INERT
    },
    Kind {
        key: "volumeattachments.storage.k8s.io",
        unconditional_update: false,
        validate: storage::validate_attachment,
        validate_update: storage::validate_attachment_update,
        validate_status: storage::validate_attachment_status,
        ..INERT
    },
    Kind {
        key: "csinodes.storage.k8s.io",
        unconditional_update: false,
        validate: storage::validate_node,
        validate_update: storage::validate_node_update,
        ..INERT
    },
    Kind {
        key: "csidrivers.storage.k8s.io",
        unconditional_update: false,
        default: storage::default_driver,
        validate: storage::validate_driver,
        validate_update: storage::validate_driver_update,
        warnings: storage::driver_warnings,
        ..INERT
    },
    Kind {
        key: "csistoragecapacities.storage.k8s.io",
        unconditional_update: false,
        validate: storage::validate_capacity,
        validate_update: storage::validate_capacity_update,
        ..INERT
    },
    Kind {
        key: "ingresses.networking.k8s.io",
        generation: true,
        validate: ingress::validate,
        validate_create: ingress::validate_create,
        validate_status: ingress::validate_status,
        warnings: ingress::warnings,
        ..INERT
    },
    Kind {
        key: "ingressclasses.networking.k8s.io",
        generation: true,
        default: ingress::default_class,
        validate: ingress::validate_class,
        validate_update: ingress::validate_class_update,
        ..INERT
    },
    Kind {
        key: "ipaddresses.networking.k8s.io",
        name: addresses::address_name,
        validate: addresses::validate_address,
        validate_update: addresses::validate_address_update,
        ..INERT
    },
    Kind {
        key: "servicecidrs.networking.k8s.io",
        validate_create: addresses::validate_range,
        validate_update: addresses::validate_range_update,
        ..INERT
    },
    Kind {
        key: "poddisruptionbudgets.policy",
        generation: true,
        unconditional_update: false,
        validate: settings::validate_budget,
        validate_status: settings::validate_budget_status,
        ..PLAIN
    },
    Kind {
        key: "horizontalpodautoscalers.autoscaling",
        default: workload::default_autoscaler,
        validate: autoscaler::validate,
        validate_status: autoscaler::validate_status,
        ..PLAIN
    },
    Kind {
        key: "validatingadmissionpolicies.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: policies::default_policy,
        validate: policies::validate_validating,
        ..PLAIN
    },
    Kind {
        key: "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: policies::default_binding,
        validate: policies::validate_binding,
        ..PLAIN
    },
    Kind {
        key: "mutatingadmissionpolicies.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: policies::default_policy,
        validate: policies::validate_mutating,
        ..PLAIN
    },
    Kind {
        key: "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: policies::default_binding,
        validate: policies::validate_mutating_binding,
        ..PLAIN
    },
    Kind {
        key: "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: webhook::default,
        validate: webhook::validate,
        ..PLAIN
    },
    Kind {
        key: "validatingwebhookconfigurations.admissionregistration.k8s.io",
        generation: true,
        unconditional_update: false,
        default: webhook::default,
        validate: webhook::validate,
        ..PLAIN
    },
    Kind {
        key: "controllerrevisions.apps",
        validate: sets::validate_revision,
        validate_create: sets::validate_revision_create,
        validate_update: sets::validate_revision_update,
        ..PLAIN
    },
    Kind {
        key: "apiservices.apiregistration.k8s.io",
        name: names::path_segment,
        unconditional_update: false,
        default: api_service::default,
        validate: api_service::validate,
        ..PLAIN
    },
    Kind {
        key: "customresourcedefinitions.apiextensions.k8s.io",
        generation: true,
        unconditional_update: false,
        default: definition::default,
        prepare_create: definition::prepare_create,
        validate: definition::validate,
        validate_update: definition::validate_update,
        ..PLAIN
    },
    Kind {
        key: certificate::KEY,
        name: certificate::name,
        validate: certificate::validate,
        fields: &["spec.signerName"],
        ..PLAIN
    },
    Kind {
        key: "flowschemas.flowcontrol.apiserver.k8s.io",
        generation: true,
        unconditional_update: false,
        default: flow::default_schema,
        validate: flow::validate_schema,
        ..INERT
    },
    Kind {
        key: "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
        generation: true,
        unconditional_update: false,
        default: flow::default_level,
        validate: flow::validate_level,
        ..INERT
    },
];
