import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** For each file and standard a line such as "PDF/A-2a true 1773024" (compliant, checks made), and one for each failure. */
public class Validate {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String name : files) {
            validate(name, "PDF/A-2a", PDFAFlavour.PDFA_2_A);
            validate(name, "PDF/UA-1", PDFAFlavour.PDFUA_1);
        }
    }

    private static void validate(String name, String standard, PDFAFlavour flavour) throws Exception {
        try (FileInputStream file = new FileInputStream(name);
             PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour)) {
            ValidationResult result = Foundries.defaultInstance().createValidator(flavour, false).validate(parser);
            System.out.println(standard + " " + result.isCompliant() + " " + result.getTotalAssertions());
            for (TestAssertion one : result.getTestAssertions()) {
                if (one.getStatus() == TestAssertion.Status.FAILED) {
                    System.out.println("  " + one.getRuleId().getClause() + " " + one.getMessage());
                }
            }
        }
    }
}
