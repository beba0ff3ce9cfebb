import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Link,
  MessageBar,
  MessageBarBody,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { type SignInReason, type StepUpResult, answerSignIn, confirmedChannel } from '../../api/sign-in-question.ts'
import { type Session, readSession } from '../../api/use-session.ts'
import { useReturnOfFocus } from '../elements/use-return-of-focus.ts'
import { texts } from '../texts/texts.ts'
import { signInFailure } from './sign-in-failure.ts'

const useStyles = makeStyles({
  content: { display: 'grid', rowGap: tokens.spacingVerticalM, overflowWrap: 'anywhere' },
})

/** Any site can open the address that has the name, and text of that site is not to be in a sentence of the dialog. */
const userNamePattern = /^[^@\s]{1,64}@[^@\s]{1,253}$/

/** What the dialog shows below its question. */
type State = 'asking' | 'waiting' | 'blocked' | { readonly problem: string }

type SignInDialogProps = { readonly session: Session; readonly reason: SignInReason }

/** Asks the person to sign in in another window. The requests wait, and what was typed stays. */
export function SignInDialog({ session, reason }: SignInDialogProps) {
  const styles = useStyles()
  useReturnOfFocus()
  const [state, setState] = useState<State>('asking')
  useConfirmation(session, reason, setState)
  const address = reason === 'step-up' ? addressFor(session) : addressAfterEnd
  const said = reason === 'step-up' ? texts.stepUp : texts.sessionEnded
  const open = () => {
    const opened = window.open(address, confirmedChannel, 'popup,width=520,height=760')
    setState(opened === null ? 'blocked' : 'waiting')
  }
  return (
    <Dialog open onOpenChange={(_event, { type }) => type === 'escapeKeyDown' && answerSignIn(false)}>
      <DialogSurface aria-describedby={undefined}>
        <DialogBody>
          <DialogTitle>{said.title}</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>{said.text}</Text>
            {state === 'waiting' && <Text role="status">{texts.stepUp.waiting}</Text>}
            {(state === 'blocked' || typeof state === 'object') && (
              <MessageBar intent="warning" layout="multiline" role="alert">
                <MessageBarBody>
                  {state === 'blocked' ? texts.stepUp.blocked : state.problem}{' '}
                  {state === 'blocked' && (
                    <Link href={address} target="_blank" inline>
                      {texts.stepUp.inTab}
                    </Link>
                  )}
                </MessageBarBody>
              </MessageBar>
            )}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={open}>
              {said.confirm}
            </Button>
            <Button onClick={() => answerSignIn(false)}>{texts.cancel}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}

/** Where a person signs in after the end of the session. The sign-in at the identity provider may still be valid. */
const addressAfterEnd = `/portal/sign-in?${new URLSearchParams({ return: '/portal/confirmed' }).toString()}`

/** Where the person signs in again. Nobody else can complete that sign-in. */
function addressFor({ person }: Session): string {
  const query = new URLSearchParams({ kind: 'fresh', person: person.objectId, hint: person.userPrincipalName })
  return `/portal/sign-in?${query.toString()}`
}

/**
 * Waits for the other window. The requests continue only after a sign-in of the same person: another person has
 * other permissions.
 */
function useConfirmation({ person }: Session, reason: SignInReason, onState: (state: State) => void): void {
  const queries = useQueryClient()
  useEffect(() => {
    const { otherPerson, otherSession } = texts.stepUp
    const check = async ({ reason: failure, userName = '' }: StepUpResult) => {
      if (failure !== undefined) {
        const isOther = failure === 'other-person'
        const present = userNamePattern.test(userName) ? userName : texts.unknown
        onState({ problem: isOther ? otherPerson(present, person.userPrincipalName) : notDone(signInFailure(failure)) })
        return
      }
      const now = await readSession()
      if (now.person.objectId !== person.objectId) {
        // The page shows what the other person could see.
        if (reason === 'session-ended') return location.assign('/portal/')
        onState({ problem: otherSession(now.person.userPrincipalName, person.userPrincipalName) })
        return
      }
      queries.setQueryData(['session'], now)
      answerSignIn(true)
    }
    const channel = new BroadcastChannel(confirmedChannel)
    channel.addEventListener('message', ({ data }: MessageEvent<StepUpResult>) => {
      check(data).catch((error: unknown) => {
        const isUnreachable = error instanceof ApiError && error.status === 0
        onState({ problem: notDone(isUnreachable ? texts.errors.offlineNext : texts.signInFailed.unavailable) })
      })
    })
    return () => channel.close()
  }, [person, reason, queries, onState])
}

const notDone = (why: string) => `${why} ${texts.stepUp.notDone}`
