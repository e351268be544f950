/** A debounced request; see {@link latest}. */
interface Latest<Q> {
  /** schedules a request for this input and drops older ones; null only drops them */
  ask: (input: Q | null) => void;
  /** cancels the scheduled request and ignores pending answers */
  close: () => void;
}

/**
 * Debounces requests for inputs that change quickly: only the newest input is sent, and answers to older inputs are
 * dropped.
 * @param waitMs pause after the last change before the request is sent, ms
 */
export function latest<Q, A>(
  ask: (input: Q) => Promise<A>,
  {
    onAnswer,
    onError,
    waitMs = 400
  }: {onAnswer: (answer: A, input: Q) => void; onError: (error: Error, input: Q) => void; waitMs?: number}
): Latest<Q> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let newest = 0;
  return {
    ask(input) {
      clearTimeout(timer);
      const mine = ++newest;
      if (input === null) return;
      timer = setTimeout(() => {
        ask(input).then(
          (answer) => mine === newest && onAnswer(answer, input),
          (error: unknown) => mine === newest && onError(error as Error, input)
        );
      }, waitMs);
    },
    close() {
      clearTimeout(timer);
      newest++;
    }
  };
}
