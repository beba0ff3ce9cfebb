import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../harness/server.ts'
import { createPeople } from './fairness-people.ts'
import { formKinds, nameOfForm } from './form-kinds.ts'
import { formRequests } from './form-requests.ts'
import { allRoutes } from './route-kinds.ts'

test('the fairness bench sends every form of the pages with the values of its page', () => {
  const isPage = (path: string) => /^\/(?:account|sign-in|devicelogin|sign-out)(?:\/|$)/.test(path)
  const forms = allRoutes().filter(({ method, path }) => method === 'POST' && isPage(path))
  assert.ok(forms.length > 20, `${forms.length} forms`)
  assert.deepEqual([...new Set(formKinds.map(({ id }) => id))].toSorted(), forms.map(({ id }) => id).toSorted())
})

/** What the page, or the address of a redirect, has after the work of a form. */
const results: Readonly<Record<string, RegExp>> = {
  'account.authenticator.new': /Scan the QR code/,
  'account.authenticator.confirm': /Incorrect code/,
  'account.authenticator.remove': /changed=yes/,
  'account.passkey.add': /did not create a passkey/,
  'account.passkey.remove': /changed=yes/,
  'account.recovery-codes': /recovery codes/,
  'account.password.change, a wrong password': /Incorrect password/,
  'account.password.change, a weak new password': /too common/,
  'account.applications.remove': /\/account\/applications/,
  'account.sign-ins.end': /\/account\/sign-ins/,
  'sign-in.account': /\/sign-in\?flow=/,
  'sign-in.password, an invented user': /Incorrect user name or password/,
  'sign-in.password, the right password': /\/sign-in\?flow=/,
  'sign-in.new-password': /too common/,
  'sign-in.one-time-link.submit': /This link is not valid/,
  'sign-in.enrolment': /Scan the QR code/,
  'sign-in.enrolment.confirm': /Incorrect code/,
  'sign-in.enrolment.passkey': /did not create a passkey/,
  'sign-in.code.submit, a wrong code': /Incorrect or already used code/,
  'sign-in.code.submit, a wrong recovery code': /Incorrect or already used code/,
  'sign-in.passkey.submit': /Unknown passkey/,
  'sign-in.answer': /code=/,
  'sign-in.device.submit': /Incorrect or expired code/,
  'sign-in.sign-out.submit': /\/sign-out\/done/,
}

test('every form of the fairness bench is accepted as a form of its page, and does its work', async () => {
  await using server = await startServer({ args: ['--identity-require-second-factor', 'owners'] })
  const scene = { reached: server, people: await createPeople(server) }
  assert.deepEqual(formKinds.map(nameOfForm).toSorted(), Object.keys(results).toSorted())
  for (const kind of formKinds) {
    const once = await formRequests(kind, scene, undefined, (response) => {
      const text = response.headers.location ?? response.text()
      assert.match(text, results[nameOfForm(kind)] ?? /^$/, `${nameOfForm(kind)}: ${response.status}`)
    })
    await once()
  }
})
