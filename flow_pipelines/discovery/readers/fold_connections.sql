-- Fold a line file of connections to one row per distinct combination of its key columns, and one per unreadable row.
-- Filled in by connections.py (what follows a dollar sign); every literal it fills in is quoted there.
CREATE TEMP TABLE folded AS
WITH $split,
judged AS (
    -- A rewritten file's own cells follow the number of the row, so they are shifted by one.
    SELECT
        CASE WHEN $is_numbered THEN cells[1]::BIGINT ELSE line_number END AS number,
        len(cells) - $shift AS cell_count,
        CASE
            -- The first comparison spares nearly every row the second one.
            WHEN cells[$first + $shift] = $first_name
                AND cells[1 + $shift:$width + $shift] IS NOT DISTINCT FROM $header
                THEN 'repeated_header'
            WHEN $width >= $least_footer_width
                AND list_count(cells) <= $most_footer_cells + $shift
                -- A condition of its own would be held against every cell of every row.
                AND CASE
                    WHEN regexp_full_match(list_filter(cells, lambda cell: cell IS NOT NULL)[1 + $shift], $footer, 'is')
                    THEN len(list_filter(cells, lambda cell: regexp_full_match(cell, $address, 'is'))) = 0
                END
                THEN 'footer'
            WHEN len(cells) - $shift > $columns
                AND len(list_filter(cells[$columns + $shift + 1:], lambda cell: cell IS NOT NULL)) > 0
                THEN 'too_many_cells'
            WHEN len(cells) - $shift < $least_cells
                THEN 'too_few_cells'
            $left_out
        END AS reason,
        CASE
            WHEN reason IS NOT NULL
            THEN coalesce(line, array_to_string(list_transform(cells, lambda cell: coalesce(cell, '')), $delimiter))
        END AS rejected_line,
        $cells,
        $times
    FROM (SELECT *, $is_answer AS is_answer FROM split)
)
SELECT
    reason,
    min(number) AS number,
    count(*) AS row_count,
    max(cell_count) AS cell_count,
    min(rejected_line) AS line,
    $observed_from AS observed_from,
    $observed_to AS observed_to,
    $results
FROM judged
-- Rows that a rule of the format leaves out may be half of all: they are counted, the others listed.
GROUP BY reason, CASE WHEN reason NOT IN ($counted) THEN number END, $groups
