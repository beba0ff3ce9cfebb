#!/usr/bin/env node
'use strict'
// Old versions of Node can parse this file, so that it can say what they lack.
var found = process.versions.node.split('.')
var major = Number(found[0])
if (major > 24 || (major === 24 && Number(found[1]) >= 15)) {
  require(require('path').join(__dirname, 'lib/compile-cache.cjs')).enablePrivateCompileCache()
  require(require('path').join(__dirname, 'lib/acrux.mjs')).main(process.argv.slice(2))
} else {
  process.stderr.write(
    'acrux: this is Node ' +
      process.versions.node +
      ', and acrux needs Node 24.15 or newer\n' +
      '       install it from https://nodejs.org, or use the acrux executable, which needs no Node\n',
  )
  process.exit(1)
}
