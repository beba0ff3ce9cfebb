/** `npm start`: sets up what is missing, then serves. Everything after `--` goes to `acrux serve`. */
import { spawn } from 'node:child_process'
import { isPortalBuilt } from './portal.mjs'
import { ensureDependencies, main, nodeBinary, root, runInherited, say } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  const stopBuild = isPortalBuilt() ? () => undefined : startBuild()
  try {
    return await runInherited(nodeBinary(), [`${root}/cli/src/main.ts`, 'serve', ...args])
  } finally {
    stopBuild()
  }
})

/** Builds the portal while the server runs: its packages take 470 MB, for which nobody should wait. */
function startBuild() {
  say('building the portal meanwhile; it is there in a minute or two')
  const build = spawn(nodeBinary(), [`${root}/scripts/portal.mjs`], { stdio: ['ignore', 'ignore', 'inherit'] })
  return () => void build.kill()
}
