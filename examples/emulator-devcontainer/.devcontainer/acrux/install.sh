#!/bin/sh
# Installs acrux, which needs Node 24.15 or newer. The options of the feature are variables in upper case.
set -eu
npm install --global "acrux@${VERSION:-latest}"
acrux --version
