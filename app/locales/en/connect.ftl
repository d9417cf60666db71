# What happened to a connection, and which object decided.
connect-unknown-host = Name { $host } does not exist in the cluster's DNS
connect-dns-blocked = Name { $host } was not looked up: the query to the cluster's DNS went unanswered
connect-resolved = { $host } resolves to { $address }
connect-service = Service { $service } forwards to { $address }:{ $port }
connect-service-has-no-port = Service { $service } has no port { $port }
connect-service-without-endpoints = Service { $service } has no ready endpoint: no running and ready pod matches its selector
connect-nobody-has-address = No pod has the address { $address }
connect-nobody-listens = The packets arrive at pod { $pod }, but no process listens on port { $port } there
connect-open = No NetworkPolicy restricts this connection
connect-loopback = A pod may always reach itself
connect-ingress-open = No NetworkPolicy restricts what may come into { $to }
connect-egress-open = No NetworkPolicy restricts what may go out of { $from }
connect-ingress-allowed = { $field } of NetworkPolicy { $policy } lets { $from } into { $to }
connect-egress-allowed = { $field } of NetworkPolicy { $policy } lets { $from } out to { $to }
connect-ingress-denied = { $to } is isolated by { $policies }, and none of their ingress rules admits { $from }
connect-egress-denied = { $from } is isolated by { $policies }, and none of their egress rules admits { $to }
