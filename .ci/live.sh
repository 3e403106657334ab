# Runs of the built program against real registries. Sourced by `run`; each function is a step.

program=${CARGO_TARGET_DIR:-target}/release/helm-oci-conformance
label=org.helm-oci-conformance.run

# examine NAME EXPECTATION... -- ARGUMENT...: one run (or $program_command); checks its exit code and its reports.
examine() {
    local name=$1 expected=() status=0 code
    shift
    while [[ $1 != -- ]]; do
        expected+=("$1")
        shift
    done
    shift
    code=${expected[1]}
    "$program" "${program_command:-run}" "$@" --seed 7 --json "$reports/$name.json" --junit "$reports/$name.xml" \
        >"$reports/$name.txt" || status=$?
    if ((status != code)); then
        cat "$reports/$name.txt"
        echo "${program_command:-run} $* ended with $status, not $code" >&2
        return 1
    fi
    .ci/check-report "${expected[@]}" "$reports/$name.json" "$reports/$name.xml"
}

# serves COMMAND...: starts a registry in the background and stops it at the end of the step.
serves() {
    : >"$work/served.log"
    "$@" >>"$work/served.log" 2>&1 &
    served=$!
    trap '{ kill "$served"; wait "$served"; } 2>/dev/null || true' EXIT
}

# responds URL: waits until a registry responds at the URL.
responds() {
    local limit=$((SECONDS + 20))
    until curl --silent --output /dev/null --max-time 2 "$1/v2/"; do
        if ! kill -0 "$served" 2>/dev/null || ((SECONDS > limit)); then
            echo "no response from $1; last log lines:" >&2
            cat "$work/served.log" >&2
            return 1
        fi
        sleep 0.1
    done
}

# serve_own ARGUMENT...: starts our own `serve`; sets `url`.
serve_own() {
    local limit=$((SECONDS + 20))
    serves "$program" serve --listen 127.0.0.1:0 "$@"
    until url=$(sed -n 's/^serving on //p' "$work/served.log") && [[ -n $url ]]; do
        if ! kill -0 "$served" 2>/dev/null || ((SECONDS > limit)); then
            cat "$work/served.log" >&2
            return 1
        fi
        sleep 0.1
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

run_distribution_2() {
    examine distribution-2 --exit 0 --conclusive --helms 5 -- "distribution:$distribution_2" --helm "$helms"
}

run_distribution_3() {
    examine distribution-3 --exit 0 --conclusive --helms 5 -- "distribution:$distribution_3" --helm "$helms"
}

run_zot() {
    examine zot --exit 0 --conclusive --helms 5 -- "zot:$zot" --helm "$helms"
}

# All targets in one run, with and without logins and TLS; no container and no volume is left.
run_matrix() {
    local files=(.ci/targets.toml) begun=$SECONDS volumes
    if has_image "$zot_image"; then
        files+=(.ci/targets-zot.toml)
    fi
    volumes=$(docker volume ls --quiet | wc -l)
    program_command=matrix examine matrix --exit 0 --conclusive -- "${files[@]}" --markdown "$reports/matrix.md"
    echo "the matrix took $((SECONDS - begun)) s"
    ((SECONDS - begun < 90))
    no_container_left
    ((volumes == $(docker volume ls --quiet | wc -l)))
}

# A real Helm binary with TLS and logins.
run_with_tls_and_login() {
    local targets=(reference+basic reference+bearer+tls
        "distribution:$distribution_2+htpasswd" "distribution:$distribution_3+htpasswd+tls")
    if has_image "$zot_image"; then
        targets+=("zot:$zot+tls")
    fi
    examine secured --exit 0 --conclusive --helms 1 -- "${targets[@]}" --helm "$helms/helm-4.3.1"
}

# A part of the matrix in three shards, merged; a missing shard is an error.
run_shards() {
    local shard records=()
    for shard in 1 2 3; do
        "$program" matrix .ci/targets.toml --shard "$shard/3" --seed 7 --only 'auth/*' --quiet \
            --json "$reports/shard-$shard.json"
        records+=("$reports/shard-$shard.json")
    done
    "$program" merge "${records[@]}" --json "$reports/merged.json" --junit "$reports/merged.xml"
    if "$program" merge "${records[@]:1}" --quiet; then
        echo "merge did not report the missing shard" >&2
        return 1
    fi
}

# Real Helm binaries work with it in spite of its violations. In a container and as a process.
run_crane() {
    PATH=$cache/crane-0.20.3:$PATH program_command=matrix examine crane --exit 1 --conclusive \
        --violates deletion/deleted-is-gone \
        --helms 5 -- .ci/targets-crane.toml --helm "$helms"
}

# Real Helm binaries can only log in to it, because of these violations and others.
run_container_registry() {
    local url flow broken=() password=s3cret-of-ci
    for flow in chart-push chart-pull push re-push push-changed push-plus push-prov push-pull \
        pull pull-prov pull-plus pull-range pull-unversioned pull-digest dependency-update dependency-range show; do
        broken+=(--breaks "$flow")
    done
    url=http://127.0.0.1:$(free_port)
    mkdir -p "$work/container-registry"
    serves "$cache/container-registry-0.3.1/bin/container-registry" \
        --bind "${url#http://}" --password "$password" --storage "$work/container-registry"
    responds "$url"
    HELM_OCI_PASSWORD=$password examine container-registry --exit 1 --secret "$password" \
        --violates auth/challenge-everywhere \
        --violates upload/one-put-completes \
        --violates manifests/media-type-field-optional \
        --violates manifests/put-by-digest \
        --violates tags/list-answers \
        --violates 'flow/push-*' \
        --perhaps 'flow/*' \
        "${broken[@]}" --helms 3 \
        -- "$url" --username anyone \
        --helm "$helms/helm-3.6.2" --helm "$helms/helm-3.10.1" --helm "$helms/helm-4.3.1"
}

# The reference registry by URL with credentials, so that the checks of authentication apply.
run_with_credentials() {
    local url kind username password
    for kind in basic bearer; do
        serve_own --auth "$kind"
        read -r username password < <(sed -n 's/^user \(.*\), password \(.*\)$/\1 \2/p' "$work/served.log")
        HELM_OCI_PASSWORD=$password examine "$kind" --exit 0 --conclusive --secret "$password" \
            -- "$url" --username "$username"
        kill "$served"
        wait "$served" || true
    done
}

# The same seed yields the same record, apart from times; a run on the reference registry takes less than a second.
run_reference_again() {
    local round best=999999 taken
    for round in 1 2 3; do
        examine "reference-$round" --exit 0 --conclusive -- reference
        sed -E 's/"started": "[^"]*"/"started": ""/; s/"milliseconds": [0-9]+/"milliseconds": 0/' \
            "$reports/reference-$round.json" >"$work/reference-$round.json"
        cmp "$work/reference-1.json" "$work/reference-$round.json"
        taken=$(milliseconds_of "$reports/reference-$round.json")
        best=$((taken < best ? taken : best))
    done
    echo "the fastest of 3 runs took $best ms"
    ((best < 1000))
}

milliseconds_of() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["run"]["milliseconds"])' "$1"
}

# Some Helm versions still behave with each fault as recorded; `.ci/observe-all` covers all versions and flows.
observe_again() {
    local version flow subset=()
    for version in 3.2.4 3.6.2 3.10.1 4.3.1; do
        subset+=(--version "$version")
    done
    for flow in chart-push chart-pull push pull; do
        subset+=(--flow "$flow")
    done
    "$program" observe --helm-dir "$helms" --jobs 4 "${subset[@]}" --check suite/evidence
}

# The score of the table on generated faults, held against recordings of real Helm binaries, must not get worse.
score_generated() {
    score_seed 20261127 0.999
    score_seed 20261128 0.986
}

# score_seed SEED LEAST: the share of right cells is at least LEAST.
score_seed() {
    local scores=$reports/generated-$1.txt
    "$program" prove --generated "suite/recordings/seed-$1" >"$scores" || (($? == 4))
    sed -n 1,9p "$scores"
    awk -v least="$2" '/^response altered/ { found = 1; if ($4 < least * $3) exit 1 } END { exit !found }' "$scores"
}

# No container of an ended run is left. The label holds the seed, the process id and the position of the target.
no_container_left() {
    local id run pid left=0
    while read -r id run; do
        pid=${run#*-}
        if ! kill -0 "${pid%%-*}" 2>/dev/null; then
            echo "leftover of run $run: container $id" >&2
            left=1
        fi
    done < <(docker ps -a --filter "label=$label" --format "{{.ID}} {{.Label \"$label\"}}")
    return "$left"
}
