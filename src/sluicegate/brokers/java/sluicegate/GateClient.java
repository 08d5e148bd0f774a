package sluicegate;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import sluicegate.Gate.OutOfReach;

/**
 * A few connections to the gate, and no more patience than requests of other clients can bear.
 *
 * <p>Questions are asked by the threads that serve requests, of which a node has four. A gate that
 * hangs holds some of them up for a second, once; then it is left alone, and one question at a time
 * finds out whether it answers again.
 */
final class GateClient {
    private static final int AT_ONCE = 3;
    private static final long PATIENCE_NANOSECONDS = TimeUnit.SECONDS.toNanos(1);
    private static final long PAUSE_NANOSECONDS = TimeUnit.SECONDS.toNanos(1);
    // No moment of the clock: those are made odd.
    private static final long ANSWERING = 0;

    private final Path socket;
    private final Semaphore turns = new Semaphore(AT_ONCE);
    private final ConcurrentLinkedDeque<GateConnection> idle = new ConcurrentLinkedDeque<>();
    /** When the next question may be asked, or ANSWERING. */
    private final AtomicLong againAt = new AtomicLong(ANSWERING);
    private volatile long answeredAt = System.nanoTime();

    GateClient(Path socket) {
        this.socket = socket;
    }

    /** The answer to a line, within a second. */
    String ask(String line) throws OutOfReach {
        long askedAt = System.nanoTime();
        refuseWhileSilent(askedAt);
        if (!takesTurn()) {
            throw late();
        }
        try {
            beTheOneAfterSilence();
            String answer = exchange(line, askedAt + PATIENCE_NANOSECONDS);
            answeredAt = System.nanoTime();
            againAt.set(ANSWERING);
            return answer;
        } catch (SocketTimeoutException late) {
            // Where others were answered meanwhile, it is this question that is slow, not the gate.
            if (answeredAt - askedAt < 0) {
                againAt.set((System.nanoTime() + PAUSE_NANOSECONDS) | 1);
            }
            throw late();
        } catch (IOException broken) {
            // No harm to threads: that is known at once, and so is the gate's return.
            againAt.set(ANSWERING);
            throw new OutOfReach(String.valueOf(broken.getMessage()));
        } finally {
            turns.release();
        }
    }

    private boolean takesTurn() {
        try {
            return turns.tryAcquire(PATIENCE_NANOSECONDS, TimeUnit.NANOSECONDS);
        } catch (InterruptedException ending) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void refuseWhileSilent(long now) throws OutOfReach {
        long at = againAt.get();
        if (at != ANSWERING && now - at < 0) {
            throw late();
        }
    }

    private void beTheOneAfterSilence() throws OutOfReach {
        long at = againAt.get();
        if (at == ANSWERING) {
            return;
        }
        long now = System.nanoTime();
        // INVARIANT: whoever moves it on asks; the others are refused until that one knows.
        long next = (now + PATIENCE_NANOSECONDS + PAUSE_NANOSECONDS) | 1;
        if (now - at < 0 || !againAt.compareAndSet(at, next)) {
            throw late();
        }
    }

    private String exchange(String line, long deadline) throws IOException {
        GateConnection kept = idle.pollFirst();
        if (kept != null) {
            try {
                return exchange(kept, line, deadline);
            } catch (SocketTimeoutException late) {
                throw late;
            } catch (IOException broken) {
                // Closed by the other side while nobody used it: once anew, on a new one.
            }
        }
        return exchange(GateConnection.open(socket, deadline), line, deadline);
    }

    private String exchange(GateConnection connection, String line, long deadline) throws IOException {
        boolean isWhole = false;
        try {
            String answer = connection.exchange(line, deadline);
            isWhole = true;
            return answer;
        } finally {
            // INVARIANT: never used again with an answer outstanding, which would be the next one's.
            if (isWhole) {
                idle.addFirst(connection);
            } else {
                connection.close();
            }
        }
    }

    private static OutOfReach late() {
        return new OutOfReach("no answer within a second");
    }
}
