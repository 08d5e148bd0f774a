package sluicegate;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * One connection to a Unix socket, for one question at a time, each with a deadline.
 *
 * <p>Java has no time limit for reading from one; so it does not block, and waits with a selector
 * of its own. Deadlines are in nanoseconds, by the JVM's clock.
 */
final class GateConnection {
    private static final int LONGEST_ANSWER = 65_536;

    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final ByteBuffer received = ByteBuffer.allocate(4096);

    private GateConnection(SocketChannel channel, Selector selector) throws IOException {
        this.channel = channel;
        this.selector = selector;
        channel.configureBlocking(false);
        key = channel.register(selector, 0);
    }

    static GateConnection open(Path socket, long deadline) throws IOException {
        Selector selector = Selector.open();
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            GateConnection connection = new GateConnection(channel, selector);
            if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
                do {
                    connection.await(SelectionKey.OP_CONNECT, deadline);
                } while (!channel.finishConnect());
            }
            return connection;
        } catch (IOException | RuntimeException error) {
            close(channel, selector);
            throw error;
        }
    }

    void close() {
        close(channel, selector);
    }

    private static void close(SocketChannel channel, Selector selector) {
        try (selector; channel) {
            // Both, whatever becomes of the first.
        } catch (IOException gone) {
            // It is of no more use either way.
        }
    }

    /** Send a line and read one. What is there before anything was asked is nobody's answer. */
    String exchange(String line, long deadline) throws IOException {
        if (read() != 0) {
            throw new ProtocolException("an answer that nobody asked for");
        }
        ByteBuffer question = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII));
        channel.write(question);
        while (question.hasRemaining()) {
            await(SelectionKey.OP_WRITE, deadline);
            channel.write(question);
        }
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        do {
            while (read() == 0) {
                await(SelectionKey.OP_READ, deadline);
            }
            answer.write(received.array(), 0, received.position());
            if (answer.size() > LONGEST_ANSWER) {
                throw new ProtocolException("an answer without an end");
            }
        } while (received.get(received.position() - 1) != '\n');
        String text = answer.toString(StandardCharsets.US_ASCII);
        if (text.indexOf('\n') != text.length() - 1) {
            throw new ProtocolException("more than one answer");
        }
        return text.substring(0, text.length() - 1);
    }

    private int read() throws IOException {
        received.clear();
        int count = channel.read(received);
        if (count < 0) {
            throw new EOFException("it hung up");
        }
        return count;
    }

    private void await(int operation, long deadline) throws IOException {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
            throw new SocketTimeoutException();
        }
        key.interestOps(operation);
        selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
        selector.selectedKeys().clear();
    }
}
