import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPortalCookies } from './portal-cookies.ts'

test('browsers send the cookie of a portal session only with requests from pages of the portal', () => {
  const cookies = createPortalCookies('https://acrux.example')
  const attributes = 'Path=/; HttpOnly; SameSite=Strict; Secure'
  assert.equal(cookies.writeSession('id'), `__Host-acrux-portal=id; ${attributes}`)
  assert.equal(cookies.removeSession, `__Host-acrux-portal=; Max-Age=0; ${attributes}`)
})

test('the cookie of a sign-in to the portal expires, and browsers send it when another provider redirects to the portal', () => {
  const cookies = createPortalCookies('https://acrux.example')
  assert.match(
    cookies.writeFlow('x'),
    /^__Host-acrux-portal-sign-in=x; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
})
