import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPortalCookies } from './portal-cookies.ts'

test('the cookie of a session of the portal is sent only with requests of its own pages', () => {
  const cookies = createPortalCookies('https://acrux.example')
  const attributes = 'Path=/; HttpOnly; SameSite=Strict; Secure'
  assert.equal(cookies.writeSession('id'), `__Host-acrux-portal=id; ${attributes}`)
  assert.equal(cookies.removeSession, `__Host-acrux-portal=; Max-Age=0; ${attributes}`)
})

test('the cookie of a sign-in to the portal expires, and may come back from another provider', () => {
  const cookies = createPortalCookies('https://acrux.example')
  assert.match(
    cookies.writeFlow('x'),
    /^__Host-acrux-portal-sign-in=x; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
})
