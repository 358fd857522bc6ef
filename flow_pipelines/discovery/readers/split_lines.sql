-- The lines of a line file, each split into its cells; a part of fold_connections.sql.
lines AS (
    -- One column, whatever the line holds: DuckDB keeps the order of lines, so the window counts physical lines.
    SELECT row_number() OVER () AS line_number, line
    FROM read_csv(
        $path, auto_detect = false, header = false, columns = {'line': 'TEXT'},
        delim = $no_delimiter, quote = '', escape = '', new_line = $newline, strict_mode = false
    )
),
split AS (
    SELECT line_number, line, list_transform(string_split(line, $delimiter), lambda cell: $filled) AS cells
    FROM lines
    WHERE $is_numbered OR (line_number > $header_number AND trim(line, $delimiter) <> '' AND $is_row)
)
