/** Asks with the newest input alone. */
export interface Latest<Q> {
  /** asks soon, unless another input comes first; null asks nothing and forgets what is under way */
  ask: (input: Q | null) => void;
  /** nothing is asked or answered any more */
  close: () => void;
}

/**
 * Asks with the newest of inputs that change quickly: it waits until they rest, and an answer to an older one is never
 * told, however late it comes.
 * @param waitMs how long the inputs must rest, ms
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
