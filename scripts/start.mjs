/** `npm start`: sets up what is missing, then serves. Everything after `--` goes to `acrux serve`. */
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { isPortalBuilt } from './portal.mjs'
import { ensureDependencies, main, nodeBinary, root, runInherited, say } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  const builds = [startBuild('docs.mjs', '--changed')]
  if (!isPortalBuilt()) {
    say('building the portal at the same time; the portal is available in a minute or two')
    builds.push(startBuild('portal.mjs'))
  }
  try {
    return await runInherited(nodeBinary(), [`${root}/cli/src/main.ts`, 'serve', ...args])
  } finally {
    for (const build of builds) build.kill()
  }
})

/**
 * Builds the documents or the portal while the server runs: nobody should wait for them. The packages of the portal take 470 MB.
 *
 * @param {readonly string[]} command
 */
function startBuild(...[script, ...args]) {
  const build = spawn(nodeBinary(), [`${root}/scripts/${script}`, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (build.pid !== undefined) setPriority(build.pid, constants.priority.PRIORITY_LOW)
  return build
}
