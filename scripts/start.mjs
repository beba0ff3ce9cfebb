/** `npm start`: sets up what is missing, then serves. Everything after `--` goes to `acrux serve`. */
import { existsSync } from 'node:fs'
import { ensureDependencies, main, nodeBinary, root, runInherited, say } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  // Its packages take 470 MB, which a first look at the server must not need.
  if (!existsSync(`${root}/server/src/portal-host/assets/portal.json`))
    say('the portal is not built: to use it, run "npm run portal" in another terminal')
  return runInherited(nodeBinary(), [`${root}/cli/src/main.ts`, 'serve', ...args])
})
