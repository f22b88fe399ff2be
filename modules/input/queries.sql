-- A store of benchmark runs: its tables, views and reports.
CREATE TABLE machine (
    id INTEGER PRIMARY KEY,
    processor VARCHAR(120) NOT NULL,
    cores INTEGER NOT NULL CHECK (cores > 0),
    system VARCHAR(80) NOT NULL,
    UNIQUE (processor, system)
);

CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    machine_id INTEGER NOT NULL REFERENCES machine (id) ON DELETE CASCADE,
    taken_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    commit_hash CHAR(40) NOT NULL,
    changed BOOLEAN NOT NULL DEFAULT FALSE,
    compiler VARCHAR(60) NOT NULL,
    effort VARCHAR(10) NOT NULL CHECK (effort IN ('full', 'quick', 'smoke'))
);

CREATE TABLE figure (
    record_id INTEGER NOT NULL REFERENCES record (id) ON DELETE CASCADE,
    engine VARCHAR(20) NOT NULL,
    shape VARCHAR(40) NOT NULL,
    allocator VARCHAR(20) NOT NULL,
    nanoseconds DOUBLE PRECISION,
    pages INTEGER,
    rounds INTEGER,
    ratio DOUBLE PRECISION,
    uncertainty DOUBLE PRECISION,
    error VARCHAR(200),
    PRIMARY KEY (record_id, engine, shape, allocator)
);

CREATE INDEX figure_by_allocator ON figure (allocator, shape);

CREATE VIEW latest AS
SELECT f.*, r.taken_at, r.commit_hash
FROM figure AS f
JOIN record AS r ON r.id = f.record_id
WHERE r.taken_at = (
    SELECT MAX(newest.taken_at)
    FROM record AS newest
    WHERE newest.machine_id = r.machine_id AND newest.effort = 'full' AND NOT newest.changed
);

INSERT INTO machine (id, processor, cores, system) VALUES
    (1, 'AMD EPYC', 2, 'linux 6.18'),
    (2, 'Apple M2', 8, 'darwin 24.1'),
    (3, 'Intel(R) Core(TM) i7-1165G7', 8, 'linux 6.12');

INSERT INTO figure (record_id, engine, shape, allocator, nanoseconds, pages, rounds, ratio, uncertainty) VALUES
    (1, 'node', 'random-10k', 'dlmalloc', 135.63, 93, 13, 1.4398, 0.0095),
    (1, 'node', 'random-10k', 'talc', 98.225, 104, 13, 1.0, 0.0),
    (1, 'node', 'random-10k', 'rlsf', 104.74, 93, 13, 1.1027, 0.0330),
    (1, 'node', 'random-10k', 'heap', 61.905, 102, 13, 0.6204, 0.0121),
    (1, 'node', 'churn', 'dlmalloc', 96.100, 92, 11, 1.2802, 0.0214),
    (1, 'node', 'churn', 'talc', 74.315, 95, 11, 1.0, 0.0),
    (1, 'node', 'churn', 'heap', 44.870, 90, 11, 0.6031, 0.0109);

-- Speed of each allocator by the reference's: the geometric mean over the shapes of an engine.
WITH timed AS (
    SELECT engine, shape, allocator, ratio
    FROM latest
    WHERE error IS NULL AND ratio IS NOT NULL AND shape NOT IN ('ratchet', 'pushes', 'zeroed')
), complete AS (
    SELECT engine, allocator
    FROM timed
    GROUP BY engine, allocator
    HAVING COUNT(*) = (SELECT COUNT(DISTINCT shape) FROM timed AS every_one WHERE every_one.engine = timed.engine)
)
SELECT t.engine,
       t.allocator,
       1 / EXP(AVG(LN(t.ratio))) AS speed,
       MIN(t.ratio) AS best,
       MAX(t.ratio) AS worst,
       RANK() OVER (PARTITION BY t.engine ORDER BY AVG(LN(t.ratio))) AS place
FROM timed AS t
JOIN complete AS c ON c.engine = t.engine AND c.allocator = t.allocator
GROUP BY t.engine, t.allocator
ORDER BY t.engine, speed DESC;

-- What became slower since the record before, by more than twice its error.
SELECT now.engine, now.shape, now.allocator, before.ratio AS was, now.ratio AS is_now,
       CASE
           WHEN now.ratio / before.ratio - 1 > 0.10 THEN 'much slower'
           WHEN now.ratio / before.ratio - 1 > 0.02 THEN 'slower'
           ELSE 'within the error'
       END AS verdict
FROM figure AS now
LEFT JOIN figure AS before
    ON before.engine = now.engine
    AND before.shape = now.shape
    AND before.allocator = now.allocator
    AND before.record_id = (
        SELECT MAX(r.id) FROM record AS r WHERE r.id < now.record_id AND r.effort <> 'smoke'
    )
WHERE now.record_id = (SELECT MAX(id) FROM record)
  AND ABS(now.ratio - before.ratio) > 2 * SQRT(POWER(now.uncertainty, 2) + POWER(before.uncertainty, 2))
ORDER BY now.ratio / before.ratio DESC NULLS LAST
LIMIT 20;

-- Peak pages by the best peer's, and the shapes at which nobody is close.
SELECT shape, allocator, pages,
       CAST(pages AS DOUBLE PRECISION) / FIRST_VALUE(pages) OVER (
           PARTITION BY shape ORDER BY pages ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
       ) AS by_best
FROM (
    SELECT DISTINCT shape, allocator, pages FROM latest WHERE pages IS NOT NULL
) AS distinct_pages
WHERE EXISTS (SELECT 1 FROM figure AS peer WHERE peer.allocator IN ('dlmalloc', 'talc', 'rlsf') AND peer.shape = distinct_pages.shape)
ORDER BY shape, by_best, COALESCE(allocator, 'nobody');

SELECT m.processor, COUNT(DISTINCT r.id) AS records, SUM(f.rounds) AS runs,
       SUM(CASE WHEN f.error IS NOT NULL THEN 1 ELSE 0 END) AS failures,
       EXTRACT(YEAR FROM MAX(r.taken_at)) AS last_year
FROM machine AS m
LEFT OUTER JOIN record AS r ON r.machine_id = m.id
LEFT OUTER JOIN figure AS f ON f.record_id = r.id AND (f.error IS NULL OR f.error LIKE '%memory%')
GROUP BY m.processor
HAVING COUNT(DISTINCT r.id) > 0
UNION ALL
SELECT 'all', COUNT(*), NULL, NULL, NULL FROM record
ORDER BY 1;

UPDATE record SET effort = 'quick' WHERE id IN (SELECT record_id FROM figure GROUP BY record_id HAVING MIN(rounds) < 9);
DELETE FROM figure WHERE record_id NOT IN (SELECT id FROM record) OR (ratio IS NULL AND error IS NULL);
