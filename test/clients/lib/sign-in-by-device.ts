import assert from 'node:assert/strict'
import { type Person, pageVisitor } from '../../harness/page-visitor.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { AcruxClient } from '../acrux/acrux.ts'

/** Signs a person in with `acrux login --use-device-code`; the person enters the code at the pages. */
export async function signInByDevice(acrux: AcruxClient, server: RunningServer, person: Person): Promise<unknown> {
  const { resourceManager, caFile } = server.firstRun
  let allowed: Promise<void> | undefined
  const login = ['login', '--server', resourceManager, '--ca-file', caFile, '--use-device-code']
  const ran = await acrux.run(login, {
    onStderr: (stderr) => {
      const userCode = /enter the code ([A-Z0-9]+) to authenticate/.exec(stderr)?.[1]
      if (userCode !== undefined) allowed ??= allowDevice(server, person, userCode)
    },
  })
  await allowed
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout) as unknown
}

/** Allows the device to sign in as the person, at the pages. */
async function allowDevice(server: RunningServer, person: Person, userCode: string): Promise<void> {
  const visitor = pageVisitor(server)
  const page = await visitor.open('/devicelogin')
  assert.ok('html' in page)
  const end = await visitor.signIn(await visitor.submit(page, { user_code: userCode }), person)
  assert.ok('url' in end && end.url.pathname === '/devicelogin/done')
}
