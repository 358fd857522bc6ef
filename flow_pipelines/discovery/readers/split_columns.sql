-- A line file whose lines all have one number of cells, split by DuckDB's own parser, which takes half of the time;
-- a part of fold_connections.sql. No line is blank, quoted or short, so rows follow one another as lines do.
split AS (
    SELECT $header_number + row_below AS line_number, NULL AS line, [$cells] AS cells
    FROM (
        SELECT row_number() OVER () AS row_below, *
        FROM read_csv(
            $path, auto_detect = false, header = false, skip = $header_number, columns = {$typed}, nullstr = '',
            delim = $delimiter, quote = '', escape = '', new_line = $newline, strict_mode = false
        )
    )
    WHERE coalesce($named) IS NOT NULL
)
