package sluicegate;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.resource.ResourceType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the node knows of IAM: nothing. It asks the supervisor, over a Unix socket, who somebody is
 * and what they may do, and remembers answers until the changes file moves.
 *
 * <p>INVARIANT: where no answer can be had, the answer is no, and it is not remembered.
 *
 * <p>A question is a line, and so is its answer; fields are URL-encoded, one space between them.
 */
final class Gate {
    /** Properties of the JVM that name the socket and the changes file. */
    static final String SOCKET = "sluicegate.gate.socket";
    static final String CHANGES = "sluicegate.gate.changes";

    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    private static final int ACTIONS_PER_QUESTION = 200;
    // The gate reads four times as much: one more name, of what Kafka lets through, fits as well.
    private static final int LETTERS_PER_QUESTION = 65_536;
    private static final int REMEMBERED = 30_000;
    // A topic's has 249 at most; of a group's, 32,767, the heap of a node holds a few thousand.
    private static final int LONGEST_NAME_REMEMBERED = 255;
    // A token with a long session's token in it has some 8,000; the gate reads this, encoded.
    private static final int LONGEST_MESSAGE = 20_000;
    private static final long LOG_PAUSE_NANOSECONDS = TimeUnit.SECONDS.toNanos(1);
    private static final VarHandle NUMBER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /** Something somebody wants to do. */
    record Question(String principal, String address, AclOperation operation, ResourceType type, String name) {}

    /** Somebody who has been let in: until when, and under which id that is recorded. */
    record Login(String principal, long expiresMilliseconds, String requestId) {}

    private record Answer(boolean isYes, long asOf) {}

    private final String changesFile;
    private final GateClient client;
    private final Map<Question, Answer> remembered = new ConcurrentHashMap<>();
    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());
    private volatile ByteBuffer changes;
    private volatile long asOfLast;

    private Gate(String socket, String changesFile) {
        this.changesFile = changesFile;
        client = socket == null ? null : new GateClient(Path.of(socket));
    }

    /** The one of this JVM; Kafka makes two authorizers in a node that is a controller as well. */
    static Gate ofThisNode() {
        return Held.GATE;
    }

    private static final class Held {
        static final Gate GATE = new Gate(System.getProperty(SOCKET), System.getProperty(CHANGES));
    }

    /** Who sends this message; a refusal is told to the client in the gate's own words. */
    Login login(String mechanism, String message) {
        String refusal;
        try {
            if (message.length() > LONGEST_MESSAGE) {
                throw new OutOfReach("a login is too long to ask about");
            }
            // The address, which Kafka tells nobody at this point, is empty.
            String[] answer = ask("login " + encoded(mechanism) + "  " + encoded(message)).split(" ", -1);
            if (answer.length == 4 && answer[0].equals("yes") && !answer[1].isEmpty()) {
                return new Login(decoded(answer[1]), Long.parseLong(answer[2]), decoded(answer[3]));
            }
            if (answer.length != 2 || !answer[0].equals("no")) {
                throw nonsense();
            }
            refusal = decoded(answer[1]);
        } catch (OutOfReach reason) {
            refusal = refusalFor(reason);
        } catch (IllegalArgumentException notEncoded) {
            refusal = refusalFor(nonsense());
        }
        throw new SaslAuthenticationException(refusal);
    }

    private String refusalFor(OutOfReach reason) {
        tell(reason);
        return "[" + UUID.randomUUID() + "]: Access denied";
    }

    /** For each question, whether it may be done. */
    boolean[] may(List<Question> questions) {
        boolean[] allowed = new boolean[questions.size()];
        try {
            // INVARIANT: read before anything is asked. A change while the gate thinks makes its
            // answer one of the past.
            long asOf = asOf();
            List<Integer> open = new ArrayList<>(0);
            for (int at = 0; at < allowed.length; at++) {
                Answer answer = remembered.get(questions.get(at));
                if (answer != null && answer.asOf == asOf) {
                    allowed[at] = answer.isYes;
                } else {
                    open.add(at);
                }
            }
            for (int from = 0; from < open.size(); ) {
                from += askFor(open.subList(from, open.size()), questions, allowed, asOf);
            }
        } catch (OutOfReach reason) {
            tell(reason);
        }
        return allowed;
    }

    /** Ask about the first of those that are open, as many as fit a line: how many that were. */
    private int askFor(List<Integer> open, List<Question> questions, boolean[] allowed, long asOf) throws OutOfReach {
        Question first = questions.get(open.get(0));
        StringBuilder line = new StringBuilder("may ");
        line.append(encoded(first.principal)).append(' ').append(encoded(first.address));
        int count = 0;
        while (count < open.size() && count < ACTIONS_PER_QUESTION && line.length() < LETTERS_PER_QUESTION) {
            Question question = questions.get(open.get(count++));
            line.append(' ').append(question.operation.name());
            line.append(' ').append(question.type.name());
            line.append(' ').append(encoded(question.name));
        }
        String answer = ask(line.toString());
        // As a whole before any of it is used.
        if (answer.length() != count || !answer.chars().allMatch(letter -> "AaDd".indexOf(letter) >= 0)) {
            throw nonsense();
        }
        for (int number = 0; number < count; number++) {
            char letter = answer.charAt(number);
            int at = open.get(number);
            boolean isYes = letter == 'A' || letter == 'a';
            allowed[at] = isYes;
            if (letter == 'A' || letter == 'D') {
                remember(questions.get(at), new Answer(isYes, asOf));
            }
        }
        return count;
    }

    private void remember(Question question, Answer answer) {
        if (question.name.length() > LONGEST_NAME_REMEMBERED) {
            return;
        }
        // Rather asked again than kept in order: it is the work of a client that makes up names.
        if (remembered.size() >= REMEMBERED) {
            remembered.clear();
        }
        remembered.put(question, answer);
    }

    /** The number of the last change. Each answer is kept with its own; clearing saves memory. */
    private long asOf() throws OutOfReach {
        ByteBuffer mapped = changes;
        if (mapped == null) {
            mapped = map();
            changes = mapped;
        }
        long now = (long) NUMBER.getVolatile(mapped, 0);
        if (now != asOfLast) {
            asOfLast = now;
            remembered.clear();
        }
        return now;
    }

    private ByteBuffer map() throws OutOfReach {
        if (changesFile == null) {
            throw new OutOfReach("no changes file is configured");
        }
        try (FileChannel file = FileChannel.open(Path.of(changesFile), StandardOpenOption.READ)) {
            // Read beyond its end, it would end the node.
            if (file.size() < Long.BYTES) {
                throw new OutOfReach("the changes file is too short");
            }
            return file.map(FileChannel.MapMode.READ_ONLY, 0, Long.BYTES);
        } catch (IOException error) {
            throw new OutOfReach("no changes file: " + error.getClass().getSimpleName());
        }
    }

    private String ask(String line) throws OutOfReach {
        if (client == null) {
            throw new OutOfReach("no gate is configured");
        }
        return client.ask(line);
    }

    private static OutOfReach nonsense() {
        return new OutOfReach("an answer that is none");
    }

    private static String encoded(String field) {
        return URLEncoder.encode(field, StandardCharsets.UTF_8);
    }

    private static String decoded(String field) {
        return URLDecoder.decode(field, StandardCharsets.UTF_8);
    }

    /** In the log, once a second: a gate that is away is away for every request. */
    private void tell(OutOfReach reason) {
        long now = System.nanoTime();
        long until = quietUntil.get();
        if (now - until >= 0 && quietUntil.compareAndSet(until, now + LOG_PAUSE_NANOSECONDS)) {
            LOG.error("IAM access is denied without an answer: {}", reason.getMessage());
        }
    }

    /** Why there is no answer. */
    static final class OutOfReach extends Exception {
        private static final long serialVersionUID = 1L;

        OutOfReach(String reason) {
            // Without a stack: it is thrown for each request while the gate is away.
            super(reason, null, false, false);
        }
    }
}
