import { useState } from 'react'
import { readEvents } from '../../api/arm.ts'
import { listDirectory, listMethods } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { useRead } from '../../api/queries.ts'
import { useSession } from '../../api/use-session.ts'
import { useOwnRole } from '../../components/identities/use-directory-role.ts'
import { isFirstAccount } from './first-account.ts'

/** The steps of everyone: whether each is done. */
type OwnSteps = Readonly<Record<'password' | 'factor', boolean>>

/** The steps of the first account, which sets the server up. */
type ServerSteps = Readonly<Record<'push' | 'colleague' | 'job', boolean>>

/** The first steps of an owner. */
export type FirstSteps = { readonly own: OwnSteps; readonly server: ServerSteps | undefined }

const storageKey = (objectId: string) => `acrux-first-run-${objectId}`

/** The first steps of an owner of the directory, until they are all done or the owner dismisses them on this device. */
export function useFirstRun(
  subscriptionId: string | undefined,
  { readsEvents, hasPushes }: { readonly readsEvents: boolean; readonly hasPushes: boolean },
) {
  const { data: session } = useSession()
  const objectId = session?.person.objectId ?? ''
  const [isDismissed, setDismissed] = useState(false)
  const isOver = isDismissed || localStorage.getItem(storageKey(objectId)) !== null
  const isWanted = !isOver && subscriptionId !== undefined
  const isOwner = useOwnRole(isWanted) === 'owner'
  // Read together with the role, and the events with the other events: each alone would be a request.
  const account = useRead(['first-run', objectId], isWanted && ((signal) => readAccount(objectId, signal)))
  const jobs = useRead(
    ['first-run-jobs', subscriptionId],
    isWanted &&
      readsEvents &&
      ((signal) =>
        readEvents(`/subscriptions/${subscriptionId}`, "action eq 'federated-credential.create'", signal, 1)),
  )
  const dismiss = () => {
    localStorage.setItem(storageKey(objectId), 'over')
    setDismissed(true)
  }
  const steps: FirstSteps | undefined =
    isWanted && isOwner && account.data !== undefined && jobs.data !== undefined
      ? {
          own: account.data.own,
          server: account.data.isFirstAccount
            ? { push: hasPushes, colleague: account.data.hasColleague, job: jobs.data.value.length > 0 }
            : undefined,
        }
      : undefined
  const isComplete = steps !== undefined && Object.values({ ...steps.own, ...steps.server }).every(Boolean)
  return { steps: isComplete ? undefined : steps, dismiss }
}

async function readAccount(objectId: string, signal: AbortSignal) {
  const [methods, people] = await Promise.all([
    listMethods(objectId, signal),
    listDirectory<GraphUser>('users', {}, signal),
  ])
  const self = people.items.find(({ id }) => id === objectId)
  const password = methods.find((method) => method['@odata.type'] === '#microsoft.graph.passwordAuthenticationMethod')
  // The password of the first start is as old as the account.
  const isFirst =
    password !== undefined && 'createdDateTime' in password && password.createdDateTime === self?.createdDateTime
  return {
    own: { password: !isFirst, factor: methods.some((method) => factors.has(method['@odata.type'])) },
    isFirstAccount: isFirstAccount(objectId, people.items),
    hasColleague: people.items.length > 1,
  }
}

const factors = new Set<string>([
  '#microsoft.graph.softwareOathAuthenticationMethod',
  '#microsoft.graph.fido2AuthenticationMethod',
])
