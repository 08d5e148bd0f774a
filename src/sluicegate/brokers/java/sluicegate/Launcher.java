package sluicegate;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * A broker node in one JVM: formats the data folder when it is new, starts Kafka, and ends when
 * standard input does.
 *
 * <p>Standard input is a pipe whose other end the supervisor holds and never writes to. However the
 * supervisor goes, the pipe closes; so no broker outlives it.
 */
public final class Launcher {
    private static final int CANNOT_FORMAT = 3;
    // Kafka's exit hooks wait for a quorum that may be gone; nobody waits with them.
    private static final long PATIENCE_MILLISECONDS = 5_000;

    private Launcher() {}

    /**
     * Arguments: the properties file, the data folder, the cluster's id; and, where a gate decides
     * about IAM, its socket and its changes file.
     */
    public static void main(String[] arguments) throws IOException {
        String properties = arguments[0];
        Path data = Path.of(arguments[1]);
        String cluster = arguments[2];
        if (arguments.length > 4) {
            System.setProperty(Gate.SOCKET, arguments[3]);
            System.setProperty(Gate.CHANGES, arguments[4]);
        }
        startDaemon("lifeline", Launcher::followLifeline);
        Path meta = data.resolve("meta.properties");
        // Written last by the format, in one rename: where it is, the folder is whole.
        if (Files.exists(meta)) {
            checkCluster(meta, cluster);
        } else {
            format(properties, cluster);
        }
        kafka.Kafka.main(new String[] {properties});
    }

    private static void checkCluster(Path meta, String cluster) throws IOException {
        Properties found = new Properties();
        try (var reader = Files.newBufferedReader(meta)) {
            found.load(reader);
        }
        if (!cluster.equals(found.getProperty("cluster.id"))) {
            System.err.println("The data folder belongs to another cluster: " + found.getProperty("cluster.id"));
            System.exit(CANNOT_FORMAT);
        }
    }

    private static void format(String properties, String cluster) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        String[] command = {"format", "-t", cluster, "-c", properties, "--ignore-formatted"};
        int code = kafka.tools.StorageTool.execute(command, new PrintStream(said, true, StandardCharsets.UTF_8));
        if (code != 0) {
            System.err.println("The data folder cannot be formatted: " + said.toString(StandardCharsets.UTF_8));
            System.exit(CANNOT_FORMAT);
        }
    }

    private static void followLifeline() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is ever written; whatever comes is not the end.
            }
        } catch (IOException gone) {
            // As good as an end.
        }
        startDaemon("lifeline-halt", Launcher::haltLater);
        System.exit(0);
    }

    private static void haltLater() {
        try {
            Thread.sleep(PATIENCE_MILLISECONDS);
        } catch (InterruptedException hurried) {
            // Then at once.
        }
        Runtime.getRuntime().halt(1);
    }

    private static void startDaemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
