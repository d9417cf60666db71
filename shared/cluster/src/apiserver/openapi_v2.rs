//! `/openapi/v2` in the only form in which clients ask for it. It describes one operation: kubectl looks
//! there whether PATCH of a Namespace takes `fieldValidation`, to know whether custom resources may have
//! it (`cli-runtime/pkg/resource/query_param_verifier.go`). Everything else is read from version 3, and a
//! document that is missing would make kubectl give up on kinds that version 3 has no path for.

/// The media type of the document.
pub(super) const MEDIA_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// A message or a text inside of a message; all of them are shorter than 128 bytes times 128.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or(0));
    out.extend(content);
    out
}

fn message(fields: &[(u8, &[u8])]) -> Vec<u8> {
    fields.iter().flat_map(|(tag, content)| field(*tag, content)).collect()
}

/// The document (the tags are those of `gnostic-models/openapiv2/OpenAPIv2.proto`).
pub(super) fn document() -> Vec<u8> {
    let query = message(&[(2, b"query"), (4, b"fieldValidation")]);
    let parameter = message(&[(1, &message(&[(2, &message(&[(3, &query)]))]))]);
    let kind = message(&[(2, b"group: \"\"\nkind: Namespace\nversion: v1\n")]);
    let extension = message(&[(1, b"x-kubernetes-group-version-kind"), (2, &kind)]);
    let operation = message(&[(8, &parameter), (13, &extension)]);
    let item = message(&[(8, &operation)]);
    let path = message(&[(1, b"/api/v1/namespaces/{name}"), (2, &item)]);
    message(&[(1, b"2.0"), (8, &message(&[(2, &path)]))])
}
