"""What `migrate` makes in the database, as SQL: the owner's schema, its functions, the triggers.

Everything lies in the schema `audit`, which belongs to the role `aiw3_audit`. Nobody logs in as
that role. The application has what `aiw3_audit_app` has: it may read, add, and call two
functions; nothing lets it change or remove a record.
"""

OWNER = "aiw3_audit"
APPLICATION = "aiw3_audit_app"

# Roles belong to the whole server: another database of it may have made them already.
MAKE_ROLE = """
DO $$ BEGIN
    IF to_regrole('{role}') IS NULL THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

TABLES = """
CREATE TABLE audit.pending (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    noted jsonb NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

CREATE TABLE audit.record (
    index bigint PRIMARY KEY CHECK (index >= 0),
    at timestamptz NOT NULL,
    source text NOT NULL,
    what text NOT NULL,
    object text,
    subject uuid,
    actor text,
    reason text,
    origin text,
    correlation text,
    event uuid UNIQUE,
    before text,
    after text,
    salts bytea[] NOT NULL CHECK (cardinality(salts) = 12),
    commitments bytea NOT NULL CHECK (octet_length(commitments) = 384),
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32)
);
CREATE INDEX record_subject ON audit.record (subject, index) WHERE subject IS NOT NULL;
CREATE INDEX record_object ON audit.record (object, index) WHERE object IS NOT NULL;
CREATE INDEX record_correlation ON audit.record (correlation, index)
    WHERE correlation IS NOT NULL;
CREATE INDEX record_actor ON audit.record (actor, index) WHERE actor IS NOT NULL;
CREATE INDEX record_at ON audit.record USING brin (at);

CREATE TABLE audit.chunk (
    index bigint PRIMARY KEY,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE TABLE audit.head (
    id integer PRIMARY KEY CHECK (id = 1),
    size bigint NOT NULL,
    frontier bytea NOT NULL
);
INSERT INTO audit.head VALUES (1, 0, '');

CREATE TABLE audit.checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,
    signed_at timestamptz NOT NULL
);
"""

# Who and why: as the statement itself says (audit.working), else as the session says by
# SET LOCAL audit.actor / audit.reason / audit.correlation, else who is connected. Nothing else
# is taken from a statement: with the id of a known event its change would be passed over.
CONTEXT = """
CREATE OR REPLACE FUNCTION audit.context() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    mark text := substring(left(current_query(), 8000) FROM '^/\\*audit ([0-9a-f]+)\\*/');
    said jsonb := jsonb_strip_nulls(jsonb_build_object(
        'actor', nullif(current_setting('audit.actor', true), ''),
        'reason', nullif(current_setting('audit.reason', true), ''),
        'correlation', nullif(current_setting('audit.correlation', true), '')
    ));
BEGIN
    IF mark IS NOT NULL THEN
        SELECT coalesce(jsonb_object_agg(key, value), '{}') || said INTO said
        FROM jsonb_each(convert_from(decode(mark, 'hex'), 'UTF8')::jsonb)
        WHERE key IN ('actor', 'origin', 'reason', 'correlation');
    END IF;
    RETURN jsonb_build_object('actor', 'database:' || session_user, 'origin', 'SQL') || said;
END $$;

CREATE OR REPLACE FUNCTION audit.pick(line jsonb, shown text[], hidden text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT jsonb_object_agg(name, CASE WHEN name = ANY (hidden)
        THEN to_jsonb('(hidden)'::text) ELSE coalesce(line -> name, 'null') END)
    FROM unnest(shown || hidden) AS name
$$;

CREATE OR REPLACE FUNCTION audit.differing(old jsonb, new jsonb, names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(name), '{}') FROM unnest(names) AS name
    WHERE old -> name IS DISTINCT FROM new -> name
$$;

CREATE OR REPLACE FUNCTION audit.noted(
    what text, key text, subject text, old jsonb, new jsonb, shown text[], hidden text[]
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF old IS NOT NULL AND new IS NOT NULL THEN
        shown := audit.differing(old, new, shown);
        hidden := audit.differing(old, new, hidden);
    END IF;
    RETURN audit.context() || jsonb_build_object(
        'source', 'row',
        'what', what,
        'object', split_part(what, '.', 1) || ':' || (coalesce(new, old) ->> key),
        'subject', coalesce(new, old) -> nullif(subject, ''),
        'before', audit.pick(old, shown, hidden),
        'after', audit.pick(new, shown, hidden)
    );
END $$;
"""

# A table may have a column of the name of a variable here, as `key`.
TRIGGERS = """
CREATE OR REPLACE FUNCTION audit.note_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    key text := TG_ARGV[0];
    shown text[] := string_to_array(TG_ARGV[2], ',');
    hidden text[] := string_to_array(TG_ARGV[3], ',');
    what text := TG_TABLE_NAME || '.' || lower(TG_OP);
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit.pending (noted)
        SELECT audit.noted(what, key, TG_ARGV[1], NULL, to_jsonb(n), shown, hidden)
        FROM new_rows AS n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit.pending (noted)
        SELECT audit.noted(what, key, TG_ARGV[1], to_jsonb(o), NULL, shown, hidden)
        FROM old_rows AS o;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO audit.pending (noted)
        SELECT audit.noted(what, key, TG_ARGV[1], o.line, n.line, shown, hidden)
        FROM (SELECT to_jsonb(r) AS line FROM old_rows AS r) AS o
        FULL JOIN (SELECT to_jsonb(r) AS line FROM new_rows AS r) AS n
            ON o.line ->> key = n.line ->> key
        WHERE o.line IS NULL OR n.line IS NULL
            OR cardinality(audit.differing(o.line, n.line, shown || hidden)) > 0;
    ELSE
        INSERT INTO audit.pending (noted)
        VALUES (audit.context() || jsonb_build_object('source', 'row', 'what', what));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION audit.note_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD);
    END IF;
    INSERT INTO audit.pending (noted) VALUES (audit.noted(
        TG_TABLE_NAME || '.' || lower(TG_OP), TG_ARGV[0], TG_ARGV[1], was, to_jsonb(NEW),
        string_to_array(TG_ARGV[2], ','), string_to_array(TG_ARGV[3], ',')
    ));
    RETURN NULL;
END $$;
"""

# `audit.services.appending` makes records as these demand them: an id has one of the spellings
# that PostgreSQL reads, and numbers with a point are strings of their digits.
TELLS = r"""
CREATE OR REPLACE FUNCTION audit.an_id(given text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN given ~* '^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$'
        THEN given::uuid END
$$;

CREATE OR REPLACE FUNCTION audit.is_json(given text, noted jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN given IS NULL OR noted IS NULL OR noted = 'null'
        THEN given IS NULL AND (noted IS NULL OR noted = 'null')
        ELSE given::jsonb = noted
            OR regexp_replace(given::jsonb::text, '"(-?[0-9]+\.[0-9]+)"', '\1', 'g')
            = regexp_replace(noted::text, '"(-?[0-9]+\.[0-9]+)"', '\1', 'g')
        END
$$;

CREATE OR REPLACE FUNCTION audit.tells(r jsonb, noted jsonb, noted_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT (r ->> 'at')::timestamptz = coalesce(nullif(noted ->> 'at', '')::timestamptz, noted_at)
        AND (r ->> 'source', r ->> 'what') = (noted ->> 'source', noted ->> 'what')
        AND (r ->> 'object') IS NOT DISTINCT FROM (noted ->> 'object')
        AND (r ->> 'subject')::uuid IS NOT DISTINCT FROM audit.an_id(noted ->> 'subject')
        AND (r ->> 'actor') IS NOT DISTINCT FROM (noted ->> 'actor')
        AND (r ->> 'reason') IS NOT DISTINCT FROM (noted ->> 'reason')
        AND (r ->> 'origin') IS NOT DISTINCT FROM (noted ->> 'origin')
        AND (r ->> 'correlation') IS NOT DISTINCT FROM (noted ->> 'correlation')
        AND audit.is_json(r ->> 'before', noted -> 'before')
        AND audit.is_json(r ->> 'after', noted -> 'after')
$$;
"""

# Adding is all that it does: at the end, in order, by whoever saw the head as it is. What waits
# goes only when a record tells it, or when it is of an event that has its record.
APPEND = """
CREATE OR REPLACE FUNCTION audit.append(
    old_size bigint, records jsonb, chunks jsonb, new_frontier bytea, done bigint[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    added bigint := jsonb_array_length(records);
    wrong bigint;
BEGIN
    UPDATE audit.head SET size = old_size + added, frontier = new_frontier
    WHERE id = 1 AND size = old_size;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The head of the audit log is not at %', old_size;
    END IF;
    INSERT INTO audit.record (
        index, at, source, what, object, subject, actor, reason, origin, correlation, event,
        before, after, salts, commitments, leaf
    )
    SELECT old_size + place - 1, (r ->> 'at')::timestamptz, r ->> 'source', r ->> 'what',
        r ->> 'object', (r ->> 'subject')::uuid, r ->> 'actor', r ->> 'reason', r ->> 'origin',
        r ->> 'correlation', (r ->> 'event')::uuid, r ->> 'before', r ->> 'after',
        (SELECT array_agg(substr(s.all, 1 + 16 * n, 16) ORDER BY n)
         FROM (SELECT decode(r ->> 'salts', 'hex') AS all) AS s, generate_series(0, 11) AS n),
        decode(r ->> 'commitments', 'hex'), decode(r ->> 'leaf', 'hex')
    FROM jsonb_array_elements(records) WITH ORDINALITY AS given (r, place);
    INSERT INTO audit.chunk (index, hash)
    SELECT (c ->> 'index')::bigint, decode(c ->> 'hash', 'hex')
    FROM jsonb_array_elements(chunks) AS c;
    WITH gone AS (
        DELETE FROM audit.pending WHERE id = ANY (done) RETURNING id, noted_at, noted
    ), given AS (
        SELECT (r ->> 'note')::bigint AS id, r FROM jsonb_array_elements(records) AS r
    )
    SELECT coalesce(id, 0) INTO wrong FROM gone FULL JOIN given USING (id)
    WHERE CASE WHEN r IS NULL THEN noted ->> 'source' IN ('row', 'audit') OR NOT EXISTS (
            SELECT FROM audit.record WHERE event = audit.an_id(noted ->> 'event'))
        ELSE audit.tells(r, noted, noted_at) IS NOT TRUE END
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Note % of the audit log has no record that tells it', wrong;
    END IF;
    RETURN old_size + added;
END $$;
"""

# Values and salts go, commitments and leaves stay; that it happened is noted with it.
ERASE = """
CREATE OR REPLACE FUNCTION audit.erase(personal bigint[], acted bigint[], note jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE audit.record SET object = NULL, subject = NULL, actor = NULL, reason = NULL,
        before = NULL, after = NULL,
        salts[4] = NULL, salts[5] = NULL, salts[6] = NULL, salts[7] = NULL,
        salts[11] = NULL, salts[12] = NULL
    WHERE index = ANY (personal) AND what <> 'audit.erased';
    UPDATE audit.record SET actor = NULL, salts[6] = NULL
    WHERE index = ANY (acted) AND what <> 'audit.erased';
    INSERT INTO audit.pending (noted) VALUES (
        audit.context() || note || jsonb_build_object(
            'source', 'audit', 'what', 'audit.erased', 'subject', NULL, 'before', NULL,
            'after', jsonb_build_object('personal', to_jsonb(personal), 'actor', to_jsonb(acted))
        )
    );
END $$;
"""

GRANTS = f"""
REVOKE ALL ON FUNCTION audit.append(bigint, jsonb, jsonb, bytea, bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.erase(bigint[], bigint[], jsonb) FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO {APPLICATION};
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO {APPLICATION};
GRANT INSERT ON audit.pending, audit.checkpoint TO {APPLICATION};
GRANT EXECUTE ON FUNCTION audit.append(bigint, jsonb, jsonb, bytea, bigint[]),
    audit.erase(bigint[], bigint[], jsonb) TO {APPLICATION};
"""

FUNCTIONS = (CONTEXT, TRIGGERS, TELLS, APPEND, ERASE)
STATEMENTS = (TABLES, *FUNCTIONS, GRANTS)
