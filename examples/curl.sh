#!/bin/sh
# Every endpoint by hand, with curl alone: chat, messages, embeddings, models, and what Midwatch says in headers.
# sh examples/curl.sh
set -eu
url=${MIDWATCH_URL:-http://127.0.0.1:4004}
key=${MIDWATCH_KEY:-none-needed-yet}
model=${MODEL:-sim}

post() {
  curl --silent --show-error --fail-with-body "$url$1" \
    -H 'content-type: application/json' -H "authorization: Bearer $key" -d "$2"
  echo
}

echo '# OpenAI dialect'
post /v1/chat/completions '{"model":"'"$model"'","messages":[{"role":"user","content":"What is 17*23?"}]}'
echo '# Anthropic dialect, streaming'
post /v1/messages '{"model":"'"$model"'","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"What is 17*23?"}]}'
echo '# Embeddings'
post /v1/embeddings '{"model":"'"$model"'-embedding","input":"midwatch","dimensions":3}'
echo '# Models'
curl --silent --show-error --fail-with-body "$url/v1/models" -H "authorization: Bearer $key"
echo
echo '# What Midwatch tells by header'
curl --silent --show-error --output /dev/null --dump-header - "$url/v1/chat/completions" \
  -H 'content-type: application/json' -H "authorization: Bearer $key" -H 'x-midwatch-feature: curl' \
  -d '{"model":"'"$model"'","messages":[{"role":"user","content":"hello"}]}' | grep -i '^x-midwatch'
