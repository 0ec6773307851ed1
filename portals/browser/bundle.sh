#!/usr/bin/env bash
# Rebuilds portals/static/noble.js from the exact versions of package-lock.json, with the licence of what is in it.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --no-audit --no-fund --ignore-scripts
{
  echo "/*! @noble/ciphers $(node -p "require('./node_modules/@noble/ciphers/package.json').version"), bundled by make bundle."
  echo
  cat node_modules/@noble/ciphers/LICENSE
  echo "*/"
  node_modules/.bin/esbuild noble.js --bundle --minify --format=esm --target=es2022 --legal-comments=none
} > ../static/noble.js
