# 텍스트에서 발견한 것: 무엇이 잘못되었고 어떻게 고치는지. API 서버의 메시지는 영어 그대로 붙습니다.
finding-duplicate = `{ $field }` 필드가 두 번 나옵니다. 마지막 값만 적용되므로 하나를 지우세요.
finding-missing = `{ $field }` 필드가 없습니다. 모든 매니페스트에는 apiVersion과 kind가 필요합니다.
finding-refused = API 서버가 `{ $path }` 필드를 거부합니다: { $message }
finding-refused-whole = API 서버가 거부합니다: { $message }
finding-syntax = 이 줄부터 YAML로 읽을 수 없습니다. 들여쓰기와 기호를 확인하세요: { $message }
finding-type = 값의 타입이 맞지 않습니다: { $message }
finding-unknown-field = `{ $field }`은(는) 이 종류에 없는 필드입니다. 철자와 들여쓰기를 확인하세요.
finding-unknown-kind = `{ $version }`에 `{ $kind }` 종류가 없습니다. apiVersion과 kind의 철자와 대소문자를 확인하세요.
