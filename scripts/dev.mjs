/** `npm run dev`: the server, restarted whenever a source file changes. Everything after `--` goes to `acrux serve`. */
import { ensureDependencies, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  const serve = [`${root}/cli/src/main.ts`, 'serve', '--dev', '--log-level', 'debug', ...args]
  return runInherited(nodeBinary(), ['--watch', '--watch-preserve-output', ...serve])
})
