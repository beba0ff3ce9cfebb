import type { FastifyReply } from 'fastify'
import type { Transaction } from '../platform/sql/database.ts'
import type { Form } from '../standards/http/form.ts'
import { assets } from './assets.ts'
import { PageError } from './errors.ts'
import { html } from './html.ts'
import { mayAddMethods } from './next-step.ts'
import { askForNewPasskey, readNewPasskey } from './new-passkey.ts'
import { firstCodePage } from './pages/enrolment-pages.ts'
import { newPasskeyPage, recoveryCodesPage } from './pages/security-pages.ts'
import { cancelButton, links } from './pages/sign-in-pages.ts'
import { proceed } from './proceed.ts'
import { type Stage, formOf, openStage, show } from './stage.ts'
import { qrCodeOf } from './qr-code.ts'
import type { Account, PendingAccount } from './sessions.ts'
import { type PageCall, type Site, eventOf, flowPath, goTo, requireFlow, signIn, textOf } from './site.ts'
import { enrolmentTitle, showEnrolment } from './show-enrolment.ts'

/** Redirects a person who signed in with only a password to the page that asks for an owner's code. */
export async function beginEnrolment(site: Site, call: PageCall, account: Account): Promise<FastifyReply> {
  const { user, methods } = account
  const nowMs = site.clock.now()
  await signIn(site, call, { user, methods, authenticatedAtMs: nowMs, remaining: ['enrolment'] })
  const flow = { kind: 'account', destination: 'security', isFresh: true, startedAtMs: nowMs + 1 } as const
  return goTo(call.reply, flowPath(site, call.caller, { ...flow, chosen: user.objectId }))
}

/** Starts the setup of the method that the person chose: an authenticator app, whose secret is shown, or a passkey. */
export function submitEnrolment(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  return enrol(site, call, form, async (enrolment) => {
    if (textOf(form, 'method') === 'passkey') return showFirstPasskey(enrolment)
    const { stage, pending } = enrolment
    const { credentials, database } = site
    const person = await totpHolder(site, pending)
    const made = await database.transaction(async (transaction) => {
      await credentials.requireValidAuthentication(transaction, pending.user)
      return credentials.secondFactors.enrolTotp(transaction, person)
    })
    return made === undefined ? proceed(stage) : showFirstCode(enrolment, made)
  })
}

/** Checks the first code of the app, and continues the sign-in with the new second factor. */
export function submitFirstCode(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  return enrol(site, call, form, async (enrolment) => {
    const { stage, pending } = enrolment
    const { secondFactors } = site.credentials
    const code = textOf(form, 'code').trim()
    const codes = await addFirstFactor(enrolment, 'totp', (transaction) =>
      secondFactors.confirmTotp(transaction, pending.user.objectId, code),
    )
    if (codes !== undefined) return finishEnrolment(enrolment, ['otp', 'mfa'], codes)
    const made = await secondFactors.findPendingTotp(await totpHolder(site, pending))
    if (made === undefined) return showEnrolment(stage, pending, 'The setup was started elsewhere. Start over.')
    return showFirstCode(enrolment, made, 'Incorrect code. Enter the one that the app shows now.')
  })
}

/** Checks the passkey that the browser created, and continues the sign-in with the new second factor. */
export function submitFirstPasskey(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  return enrol(site, call, form, async (enrolment) => {
    const passkey = await readNewPasskey(site, call, enrolment.pending.user, form)
    if (passkey === undefined) return showFirstPasskey(enrolment, 'Your browser did not create a passkey. Try again.')
    const codes = await addFirstFactor(enrolment, 'passkey', async (transaction) => {
      return (await site.credentials.secondFactors.addPasskey(transaction, passkey)) !== undefined
    })
    if (codes === undefined) return showFirstPasskey(enrolment, 'This passkey is already registered.')
    return finishEnrolment(enrolment, ['hwk', 'mfa'], codes)
  })
}

/** A setup that is allowed. The code is the owner's, if one is required. */
type Enrolment = { readonly stage: Stage; readonly pending: PendingAccount; readonly enrolmentCode: string }

/** Runs a step of the setup if the person may take it; otherwise sends the page that comes first. */
async function enrol(
  site: Site,
  call: PageCall,
  form: Form,
  step: (enrolment: Enrolment) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const stage = await openStage(site, call, requireFlow(site, call.caller, textOf(form, 'flow')))
  const pending = enrollingOf(stage)
  if (pending === undefined) return proceed(stage)
  const enrolmentCode = textOf(form, 'enrolment_code').trim()
  // The page after a wrong first code shows the secret again, so it requires the same as starting the setup.
  if (!(await mayEnrol(site, pending, enrolmentCode))) return refuseEnrolmentCode(stage, pending)
  return step({ stage, pending, enrolmentCode })
}

async function mayEnrol(
  { credentials }: Site,
  { user: { objectId }, methods }: PendingAccount,
  enrolmentCode: string,
): Promise<boolean> {
  if (!(await credentials.needsEnrolmentCode(objectId, methods))) return true
  return credentials.enrolmentCodes.isValid(objectId, enrolmentCode)
}

async function refuseEnrolmentCode(stage: Stage, pending: PendingAccount): Promise<FastifyReply> {
  await stage.site.audit.append(
    eventOf(stage.call, pending, { action: 'second-factor.add', outcome: 'refused', reason: 'wrong-enrolment-code' }),
  )
  return showEnrolment(
    stage,
    pending,
    'Incorrect or expired enrolment code. Ask an owner of the directory for another.',
  )
}

/** Adds the first second factor, and returns new recovery codes; undefined if nothing was added. @throws PageError, AuthenticationRefusedError */
function addFirstFactor(
  { stage: { site, call }, pending, enrolmentCode }: Enrolment,
  kind: 'totp' | 'passkey',
  add: (transaction: Transaction) => Promise<boolean>,
): Promise<readonly string[] | undefined> {
  const { database, credentials, audit } = site
  const { user, methods } = pending
  const { objectId } = user
  return database.transaction(async (transaction) => {
    await credentials.requireValidAuthentication(transaction, user)
    // Another sign-in may have added one since the session was read: a password alone adds no other beside it.
    const due = await credentials.secondFactorDue(objectId, methods, transaction)
    if (due === 'second-factor') throw new PageError('outdated')
    const needsCode = await credentials.needsEnrolmentCode(objectId, methods, transaction)
    if (!(await add(transaction))) return undefined
    if (needsCode && !(await credentials.enrolmentCodes.use(transaction, objectId, enrolmentCode))) {
      throw new PageError('enrolmentCode')
    }
    const detail = { kind, byOwnerCode: needsCode }
    await audit.record(transaction, eventOf(call, pending, { action: 'second-factor.add', outcome: 'success', detail }))
    const event = { kind: 'method-added', detail: kind, origin: call.origin } as const
    await credentials.securityEvents.record(transaction, objectId, event)
    return credentials.secondFactors.newRecoveryCodes(transaction, objectId)
  })
}

/** Signs the person in with what they added, and shows the recovery codes. */
async function finishEnrolment(
  { stage, pending }: Enrolment,
  added: readonly string[],
  codes: readonly string[],
): Promise<FastifyReply> {
  const { site, call, flow } = stage
  const { user } = pending
  const [, ...remaining] = pending.remaining
  const methods = [...new Set([...pending.methods, ...added])]
  await signIn(site, call, { user, methods, authenticatedAtMs: site.clock.now(), remaining })
  const body = recoveryCodesPage(user.userPrincipalName, codes, flowPath(site, call.caller, flow))
  return show(stage, { title: 'Your recovery codes', body, script: assets.recoveryCodesScript.path })
}

/** The person who must set up a second factor in this sign-in. */
function enrollingOf({ call, flow }: Stage): PendingAccount | undefined {
  const pending = call.caller.session?.pending
  const isTheirs = pending !== undefined && pending.user.objectId === flow.chosen
  return isTheirs && pending.remaining[0] === 'enrolment' && mayAddMethods(pending) ? pending : undefined
}

async function totpHolder({ directory }: Site, { user }: PendingAccount) {
  const { objectId, userPrincipalName } = user
  return { objectId, userPrincipalName, issuer: (await directory.tenant()).displayName }
}

function showFirstCode(
  { stage, enrolmentCode }: Enrolment,
  made: { readonly secretBase32: string; readonly uri: string },
  problem?: string,
): Promise<FastifyReply> {
  const body = firstCodePage(formOf(stage), { ...made, enrolmentCode, picture: qrCodeOf(made.uri), problem })
  return show(stage, {
    title: enrolmentTitle,
    body,
    hasError: problem !== undefined,
    status: problem === undefined ? 200 : 400,
  })
}

async function showFirstPasskey({ stage, pending, enrolmentCode }: Enrolment, problem?: string): Promise<FastifyReply> {
  const { site, call, flow } = stage
  const form = formOf(stage)
  const page = newPasskeyPage(form, {
    ...(await askForNewPasskey(site, call, pending.user)),
    action: '/sign-in/enrolment/passkey',
    hidden: { enrolment_code: enrolmentCode },
    cancel: cancelButton(form),
    problem,
  })
  const body = html`${page} ${links([{ label: 'Use another method', href: flowPath(site, call.caller, flow) }])}`
  const status = problem === undefined ? 200 : 400
  const script = assets.passkeyScript.path
  return show(stage, { title: 'Add a passkey', body, script, hasError: problem !== undefined, status })
}
