import type { FastifyReply } from 'fastify'
import type { Transaction } from '../platform/sql/database.ts'
import type { Form } from '../spec/form.ts'
import { assets } from './assets.ts'
import { PageError } from './errors.ts'
import { enrolmentPage, firstCodePage } from './pages/enrolment-pages.ts'
import { recoveryCodesPage } from './pages/security-pages.ts'
import { type Stage, formOf, openStage, proceed, show } from './proceed.ts'
import { qrCodeOf } from './qr-code.ts'
import type { Account, PendingAccount } from './sessions.ts'
import { type PageCall, type Site, eventOf, flowPath, goTo, requireFlow, signIn, textOf } from './site.ts'

const title = 'Set up a second factor'

/** Asks a person who needs a second factor and has none to set one up. */
export async function showEnrolment(stage: Stage, account: PendingAccount, problem?: string): Promise<FastifyReply> {
  const needsCode = await stage.site.directory.needsEnrolmentCode(account.user.objectId, account.methods)
  const body = enrolmentPage(formOf(stage), { needsCode, problem })
  return show(stage, { title, body, hasError: problem !== undefined, status: problem === undefined ? 200 : 400 })
}

/** Sends somebody who is signed in by a password alone to the page that asks for an owner's code. */
export async function beginEnrolment(site: Site, call: PageCall, account: Account): Promise<FastifyReply> {
  const { user, methods } = account
  const nowMs = site.clock.now()
  await signIn(site, call, { user, methods, authenticatedAtMs: nowMs, remaining: ['enrolment'] })
  const flow = { kind: 'account', destination: 'security', isFresh: true, startedAtMs: nowMs + 1 } as const
  return goTo(call.reply, flowPath(site, call.caller, { ...flow, chosen: user.objectId }))
}

/** Begins to set up an authenticator app, and shows its secret. */
export async function submitEnrolment(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const stage = await openStage(site, call, requireFlow(site, call.caller, textOf(form, 'flow')))
  const pending = enrollingOf(stage)
  if (pending === undefined) return proceed(stage)
  const enrolmentCode = textOf(form, 'enrolment_code').trim()
  const { directory, database } = site
  if (!(await mayEnrol(site, pending, enrolmentCode))) return refuseEnrolmentCode(stage, pending)
  const person = await totpHolder(site, pending)
  const made = await database.transaction(async (transaction) => {
    await directory.requireProof(transaction, pending.user)
    return directory.secondFactors.enrolTotp(transaction, person)
  })
  return made === undefined ? proceed(stage) : showFirstCode(stage, { ...made, enrolmentCode })
}

/** Takes the first code of the app, and continues with a person who has a second factor from then on. */
export async function submitFirstCode(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const stage = await openStage(site, call, requireFlow(site, call.caller, textOf(form, 'flow')))
  const pending = enrollingOf(stage)
  if (pending === undefined) return proceed(stage)
  const enrolmentCode = textOf(form, 'enrolment_code').trim()
  // The page after a wrong first code shows the secret again: to nobody who could not have started the setup.
  if (!(await mayEnrol(site, pending, enrolmentCode))) return refuseEnrolmentCode(stage, pending)
  const code = textOf(form, 'code').trim()
  const codes = await site.database.transaction((transaction) =>
    confirm({ site, call, transaction, pending }, code, enrolmentCode),
  )
  if (codes === undefined) {
    const made = await site.directory.secondFactors.findPendingTotp(await totpHolder(site, pending))
    if (made === undefined) return showEnrolment(stage, pending, 'The setup was started elsewhere. Start over.')
    return showFirstCode(stage, { ...made, enrolmentCode }, 'Incorrect code. Enter the one that the app shows now.')
  }
  const { user, methods } = pending
  const [, ...remaining] = pending.remaining
  const all = [...new Set([...methods, 'otp', 'mfa'])]
  await signIn(site, call, { user, methods: all, authenticatedAtMs: site.clock.now(), remaining })
  const continueAt = flowPath(site, call.caller, stage.flow)
  const body = recoveryCodesPage(user.userPrincipalName, codes, continueAt)
  return show(stage, { title: 'Your recovery codes', body, script: assets.recoveryCodesScript.path })
}

async function mayEnrol(
  { directory }: Site,
  { user: { objectId }, methods }: PendingAccount,
  enrolmentCode: string,
): Promise<boolean> {
  if (!(await directory.needsEnrolmentCode(objectId, methods))) return true
  return directory.enrolmentCodes.isValid(objectId, enrolmentCode)
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

type Confirmation = {
  readonly site: Site
  readonly call: PageCall
  readonly transaction: Transaction
  readonly pending: PendingAccount
}

/** Confirms the app and returns new recovery codes; undefined for a wrong code. @throws PageError, ProofRefusedError */
async function confirm(
  { site, call, transaction, pending }: Confirmation,
  code: string,
  enrolmentCode: string,
): Promise<readonly string[] | undefined> {
  const { directory, audit } = site
  const { objectId } = pending.user
  const { origin } = call
  await directory.requireProof(transaction, pending.user)
  // Another sign-in may have added one since the session was read: a password alone adds no other beside it.
  const due = await directory.secondFactorDue(objectId, pending.methods, transaction)
  if (due === 'second-factor') throw new PageError('outdated')
  const needsCode = await directory.needsEnrolmentCode(objectId, pending.methods, transaction)
  if (!(await directory.secondFactors.confirmTotp(transaction, objectId, code))) return undefined
  if (needsCode && !(await directory.enrolmentCodes.use(transaction, objectId, enrolmentCode))) {
    throw new PageError('enrolmentCode')
  }
  const detail = { kind: 'totp', byOwnerCode: needsCode }
  await audit.record(transaction, eventOf(call, pending, { action: 'second-factor.add', outcome: 'success', detail }))
  await directory.securityEvents.record(transaction, objectId, { kind: 'method-added', detail: 'totp', origin })
  return directory.secondFactors.newRecoveryCodes(transaction, objectId)
}

/** Whoever has to set up a second factor in this sign-in. */
function enrollingOf({ call, flow }: Stage): PendingAccount | undefined {
  const pending = call.caller.session?.pending
  const isTheirs = pending !== undefined && pending.user.objectId === flow.chosen
  return isTheirs && pending.remaining[0] === 'enrolment' ? pending : undefined
}

async function totpHolder({ directory }: Site, { user }: PendingAccount) {
  const { objectId, userPrincipalName } = user
  return { objectId, userPrincipalName, issuer: (await directory.tenant()).displayName }
}

function showFirstCode(
  stage: Stage,
  made: { readonly secretBase32: string; readonly uri: string; readonly enrolmentCode: string },
  problem?: string,
): Promise<FastifyReply> {
  const body = firstCodePage(formOf(stage), { ...made, picture: qrCodeOf(made.uri), problem })
  return show(stage, { title, body, hasError: problem !== undefined, status: problem === undefined ? 200 : 400 })
}
