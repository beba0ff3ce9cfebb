/* The main file of the single-file executable: the program's files, and the code that V8 compiled of them, are assets. */
import { getAsset, getAssetKeys, getRawAsset } from 'node:sea'
import { createLoader } from './load-chunks.mjs'

const assets = new Set(getAssetKeys())

const { load } = createLoader({
  folder: '/acrux',
  readCode: (name) => getAsset(name, 'utf8'),
  readCodeCache: (name) => {
    return assets.has(`${name}.cache`) ? Buffer.from(getRawAsset(`${name}.cache`)) : undefined
  },
})
load('acrux.cjs').main(process.argv.slice(2))
