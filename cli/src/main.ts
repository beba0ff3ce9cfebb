#!/usr/bin/env node
import { enablePrivateCompileCache } from './framework/environment/compile-cache.ts'

enablePrivateCompileCache()
const { main } = await import('./called-as.ts')
await main(process.argv.slice(2))
