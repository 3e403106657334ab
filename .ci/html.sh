# HTML reports in headless Chromium. Sourced by `run`; `check_pages` is a step.

playwright_version=1.65.1
axe_version=4.14.1
modules=$cache/page-$playwright_version-$axe_version

# Chromium of the distribution, and the two packages that drive and judge it.
ensure_chromium() {
    if ! command -v chromium >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
    fi
    if [[ ! -d $modules/node_modules/axe-core || ! -d $modules/node_modules/playwright-core ]]; then
        rm -rf "$modules"
        npm install --silent --no-audit --no-fund --prefix "$modules" \
            "playwright-core@$playwright_version" "axe-core@$axe_version"
    fi
    chromium --version 2>/dev/null
}

# page_of NAME BYTES EXIT COMMAND ARGUMENT...: writes a page, and checks its size and the exit code.
page_of() {
    local name=$1 limit=$2 code=$3 status=0 size
    shift 3
    "$program" "$@" --seed 7 --quiet --html "$pages/$name.html" || status=$?
    size=$(stat --format %s "$pages/$name.html")
    if ((status != code || size > limit)); then
        echo "$name: exit code $status, expected $code; $size bytes, at most $limit" >&2
        return 1
    fi
}

# page_with_fault NAME FAULT EXIT: the pages of a run and of a comparison, which ends with this exit code.
page_with_fault() {
    serve_own --fault "$2"
    page_of "$1" 800000 1 run "$url"
    page_of "compare-$1" 400000 "$3" compare reference "$url"
    kill "$served"
    wait "$served" || true
}

# A clean target, two faults and comparisons with them, a matrix of ten, and a registry whose responses are hostile.
check_pages() {
    local pages=$reports/pages name arguments=()
    rm -rf "$pages"
    mkdir -p "$pages"
    ensure_chromium
    page_of clean 400000 0 run reference
    page_with_fault head-refused head-blob-not-allowed 3
    page_with_fault other-host upload-location-on-other-host 0
    matrix_of_ten >"$work/ten.toml"
    serve_own --fault head-blob-not-allowed
    sed -i "s|^# url|[[target]]\nname = \"head-refused\"\ntarget = \"$url\"|" "$work/ten.toml"
    page_of matrix 1000000 1 matrix "$work/ten.toml"
    kill "$served"
    wait "$served" || true
    serves .ci/hostile-registry.py
    until url=$(sed -n 's/^serving on //p' "$work/served.log") && [[ -n $url ]]; do
        sleep 0.1
    done
    page_of hostile 1000000 1 run "$url"
    page_of hostile-compare 1000000 3 compare reference "$url"
    for name in clean head-refused other-host compare-head-refused compare-other-host matrix hostile hostile-compare; do
        arguments+=("$name=$pages/$name.html")
    done
    node .ci/check-page.mjs "$modules" "$(command -v chromium)" "$pages" "${arguments[@]}"
}

# Nine set-ups of the reference registry, and a place for a faulty one.
matrix_of_ten() {
    printf '[[target]]\ntarget = "reference"\nwith = ["", "+tls", "+basic", "+bearer", "+bearer+tls", "+basic+tls"]\n'
    local name
    for name in one two three; do
        printf '[[target]]\nname = "reference-%s"\ntarget = "reference"\n' "$name"
    done
    echo '# url'
}
