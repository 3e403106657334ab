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
    page_of "$1" 800000 1 run "$url" --json "$pages/$1.json"
    page_of "compare-$1" 400000 "$3" compare reference "$url"
    kill "$served"
    wait "$served" || true
}

# A site: versions of one registry, the matrix, and a registry whose responses and notes are hostile.
write_site() {
    python3 - "$pages" clean head-refused other-host <<'END'
import json
import sys

pages = sys.argv[1]
for number, name in enumerate(sys.argv[2:]):
    with open(f"{pages}/{name}.json") as file:
        record = json.load(file)
    record["targets"][0]["name"] = f"example:1.{number}.0"
    record["run"]["started"] = f"2026-0{number + 1}-01T00:00:00Z"
    with open(f"{pages}/{name}.json", "w") as file:
        json.dump(record, file)
END
    cat >"$pages/notes.toml" <<'END'
[[registry]]
name = "<script>hostile=1</script><img src=x onerror='hostile=1'>"
targets = ["http://*"]
kind = "hosted"
vendor = "</script><script>hostile=1</script>"
url = "https://example.org/\"onmouseover=\"hostile=1"
repository = "\u001b[31m\u202e<svg onload=hostile=1>"

[[registry.note]]
date = 2026-11-27
by = "<b>"
text = "`<script>hostile=1</script>`"

[[registry.issue]]
title = "</a><script>hostile=1</script>"
url = "https://example.org/?a=b&c=d"

[[registry]]
name = "Example"
targets = ["example:*"]
kind = "self-run"
repository = "created by the first push"
END
    "$program" site "$pages/site" "$pages"/{clean,head-refused,other-host,matrix,hostile}.json --notes "$pages/notes.toml"
    "$program" site "$pages/again" "$pages"/{hostile,matrix,other-host,head-refused,clean}.json --notes "$pages/notes.toml"
    diff -r "$pages/site" "$pages/again"
}

# A clean target, two faults and comparisons with them, a matrix of ten, a registry whose responses are hostile, and a site
# of all of them.
check_pages() {
    local pages=$reports/pages name arguments=()
    rm -rf "$pages"
    mkdir -p "$pages"
    ensure_chromium
    page_of clean 400000 0 run reference --json "$pages/clean.json"
    page_with_fault head-refused head-blob-not-allowed 3
    page_with_fault other-host upload-location-on-other-host 0
    matrix_of_ten >"$work/ten.toml"
    serve_own --fault head-blob-not-allowed
    sed -i "s|^# url|[[target]]\nname = \"head-refused\"\ntarget = \"$url\"|" "$work/ten.toml"
    page_of matrix 1000000 1 matrix "$work/ten.toml" --json "$pages/matrix.json"
    kill "$served"
    wait "$served" || true
    serves .ci/hostile-registry.py
    until url=$(sed -n 's/^serving on //p' "$work/served.log") && [[ -n $url ]]; do
        sleep 0.1
    done
    page_of hostile 1000000 1 run "$url" --json "$pages/hostile.json"
    page_of hostile-compare 1000000 3 compare reference "$url"
    for name in clean head-refused other-host compare-head-refused compare-other-host matrix hostile hostile-compare; do
        arguments+=("$name=$pages/$name.html")
    done
    write_site
    arguments+=(
        "site-index=$pages/site/index.html"
        "site-registry=$pages/site/registry/example.html"
        "site-report=$pages/site/report/example.html"
        "site-requirement=$pages/site/requirement/origins-location-on-the-registry.html"
        "site-hostile=$(echo "$pages"/site/registry/script-*.html)"
    )
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
