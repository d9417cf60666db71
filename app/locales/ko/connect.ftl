# 연결이 어떻게 되었고 어느 오브젝트가 그렇게 정했는지.
connect-unknown-host = 클러스터 DNS에 { $host } 이름이 없습니다
connect-dns-blocked = { $host } 이름을 찾지 못했습니다: 클러스터 DNS로 보낸 질의에 답이 오지 않습니다
connect-resolved = { $host } 이름의 주소: { $address }
connect-service = 서비스 { $service } → { $address }:{ $port }
connect-service-has-no-port = 서비스 { $service }에 { $port } 포트가 없습니다
connect-service-without-endpoints = 서비스 { $service }에 준비된 엔드포인트가 없습니다: 셀렉터와 맞으면서 실행 중이고 준비된 파드가 없습니다
connect-nobody-has-address = 주소 { $address }: 이 주소를 쓰는 파드가 없습니다
connect-nobody-listens = 패킷은 파드 { $pod }에 도착하지만 { $port } 포트에서 듣는 프로세스가 없습니다
connect-open = 이 연결을 제한하는 네트워크 정책이 없습니다
connect-loopback = 파드는 언제나 자기 자신에게 연결할 수 있습니다
connect-ingress-open = { $to }: 들어오는 연결을 제한하는 네트워크 정책이 없습니다
connect-egress-open = { $from }: 나가는 연결을 제한하는 네트워크 정책이 없습니다
connect-ingress-allowed = 네트워크 정책 { $policy }의 { $field } 규칙이 { $from } → { $to } 연결을 허용합니다
connect-egress-allowed = 네트워크 정책 { $policy }의 { $field } 규칙이 { $from } → { $to } 연결을 내보냅니다
connect-ingress-denied = { $to }: { $policies } 정책으로 격리되어 있고, 어느 ingress 규칙도 { $from }에서 오는 연결을 허용하지 않습니다
connect-egress-denied = { $from }: { $policies } 정책으로 격리되어 있고, 어느 egress 규칙도 { $to }로 가는 연결을 허용하지 않습니다
