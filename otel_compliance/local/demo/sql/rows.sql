-- Each row whole, as text. Slashes stay as they are, since they may be part of what is looked for.
SELECT toJSONString(tuple(*)) AS line FROM {table:Identifier} SETTINGS output_format_json_escape_forward_slashes = 0
