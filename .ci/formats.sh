# Reports that other programs read. Sourced by `run`; `read_junit` and `check_formats` are steps.

readers=$cache/readers-1

# Readers and schemas from PyPI and npm. The schemas are those of Jenkins, which the sources of pytest contain, and of SARIF.
ensure_readers() {
    local folder
    if [[ ! -f $readers/complete ]]; then
        rm -rf "$readers"
        python3 -m venv "$readers"
        "$readers/bin/pip" install --quiet --disable-pip-version-check \
            junitparser==5.0.3 junit2html==31.1.4 xmlschema==4.3.2 jsonschema==4.26.0
        npm install --silent --no-audit --no-fund --prefix "$readers/npm" \
            junit2json@4.0.0 tap-parser@18.3.4 @microsoft/jest-sarif@1.0.0-beta.0
        folder=$(mktemp -d "$work/pytest.XXXXXX")
        "$readers/bin/pip" download --quiet --no-deps --no-binary pytest --dest "$folder" pytest==8.3.5
        tar -xzf "$folder/pytest-8.3.5.tar.gz" -O pytest-8.3.5/testing/example_scripts/junit-10.xsd >"$readers/junit-10.xsd"
        touch "$readers/complete"
    fi
    junit_schema=$readers/junit-10.xsd
    sarif_schema=$readers/npm/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json
    programs=$readers/npm/node_modules/.bin
}

# read_back [--clean] NAME: a report of an earlier step.
read_back() {
    local name=${*: -1}
    "$readers/bin/python" .ci/junit-readers --schema "$junit_schema" --junit2json "$programs/junit2json" \
        "${@:1:$#-1}" "$reports/$name.json" "$reports/$name.xml"
}

# The reports of a clean run, of a matrix, and of a registry with many violations.
read_junit() {
    ensure_readers
    read_back --clean reference-1
    read_back matrix
    read_back crane
    read_back container-registry
}

# formats_of NAME EXIT TARGET: one run with the formats for CI systems.
formats_of() {
    local name=$1 code=$2 folder=$reports/formats/$1 status=0
    mkdir -p "$folder"
    : >"$folder/summary.md"
    GITHUB_STEP_SUMMARY=$folder/summary.md "$program" run "$3" --seed 7 --json "$folder/record.json" \
        --junit "$folder/report.xml" --sarif "$folder/report.sarif" --code-quality "$folder/report.quality" \
        --tap "$folder/report.tap" --events "$folder/report.events" --annotations --step-summary \
        >"$folder/report.out" || status=$?
    if ((status != code)); then
        echo "$name ended with $status, not $code" >&2
        return 1
    fi
    [[ -s $folder/summary.md ]]
    "$readers/bin/python" .ci/check-formats --schema "$sarif_schema" --tap-parser "$programs/tap-parser" \
        --exit "$code" "$folder/record.json" "$folder"
    "$readers/bin/python" .ci/junit-readers --schema "$junit_schema" --junit2json "$programs/junit2json" \
        "$folder/record.json" "$folder/report.xml"
}

# A clean target, one with a fault, and one whose responses are hostile; then a gate over time.
check_formats() {
    local folder=$reports/formats status=0
    rm -rf "$folder"
    ensure_readers
    formats_of clean 0 reference
    serve_own --fault head-blob-not-allowed
    formats_of red 1 "$url"
    kill "$served"
    wait "$served" || true
    serves .ci/hostile-registry.py
    until url=$(sed -n 's/^serving on //p' "$work/served.log") && [[ -n $url ]]; do
        sleep 0.1
    done
    formats_of hostile 1 "$url"
    "$program" diff "$folder/red/record.json" "$folder/clean/record.json"
    "$program" diff "$folder/clean/record.json" "$folder/red/record.json" || status=$?
    ((status == 1))
}
