import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  MessageBar,
  MessageBarBody,
  Text,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { answerStepUp, confirmedChannel } from '../api/step-up.ts'
import { type Session, readSession } from '../session/use-session.ts'
import { texts } from '../texts.ts'
import { useReturnOfFocus } from './use-return-of-focus.ts'

const useStyles = makeStyles({ content: { display: 'grid', rowGap: tokens.spacingVerticalM } })

const address = `/portal/sign-in?${new URLSearchParams({ kind: 'fresh', return: '/portal/confirmed' }).toString()}`

/** Asks the person to authenticate again before a dangerous request. The request waits, and what was typed stays. */
export function StepUpDialog({ session }: { readonly session: Session }) {
  const styles = useStyles()
  useReturnOfFocus()
  const [problem, setProblem] = useState<string>()
  useConfirmation(session, setProblem)
  const open = () => {
    const isOpen = window.open(address, confirmedChannel, 'popup,width=520,height=760') !== null
    setProblem(isOpen ? undefined : texts.stepUp.blocked)
  }
  return (
    <Dialog open onOpenChange={(_event, { type }) => type === 'escapeKeyDown' && answerStepUp(false)}>
      <DialogSurface aria-describedby={undefined}>
        <DialogBody>
          <DialogTitle>{texts.stepUp.title}</DialogTitle>
          <DialogContent className={styles.content}>
            <Text>{texts.stepUp.text}</Text>
            {problem !== undefined && (
              <MessageBar intent="warning" layout="multiline" role="alert">
                <MessageBarBody>{problem}</MessageBarBody>
              </MessageBar>
            )}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={open}>
              {texts.stepUp.confirm}
            </Button>
            <Button onClick={() => answerStepUp(false)}>{texts.cancel}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}

/**
 * Waits for the other window. The requests continue only after a sign-in of the same person: another person has
 * other permissions.
 */
function useConfirmation({ person }: Session, onProblem: (text: string) => void): void {
  const queries = useQueryClient()
  useEffect(() => {
    const check = async () => {
      const now = await readSession()
      if (now.person.objectId !== person.objectId) {
        onProblem(texts.stepUp.otherPerson(now.person.userPrincipalName, person.userPrincipalName))
        return
      }
      queries.setQueryData(['session'], now)
      answerStepUp(true)
    }
    const channel = new BroadcastChannel(confirmedChannel)
    channel.addEventListener('message', () => {
      check().catch(() => onProblem(texts.errors.offlineNext))
    })
    return () => channel.close()
  }, [person, queries, onProblem])
}
