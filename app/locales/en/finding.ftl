# What was found in a text: what is wrong and how to mend it. The API server's own words follow as they are.
finding-duplicate = The field `{ $field }` is there twice. Only the last value counts; remove one of them.
finding-missing = The field `{ $field }` is missing. Every manifest needs apiVersion and kind.
finding-refused = The API server refuses the field `{ $path }`: { $message }
finding-refused-whole = The API server refuses this: { $message }
finding-syntax = From this line on it cannot be read as YAML. Check indentation and punctuation: { $message }
finding-type = A value has the wrong type: { $message }
finding-unknown-field = This kind has no field `{ $field }`. Check its spelling and indentation.
finding-unknown-kind = There is no kind `{ $kind }` in `{ $version }`. Check the spelling and case of apiVersion and kind.
