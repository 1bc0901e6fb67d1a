# Author: Jonas Brandt
# Date: 2026-07-03
Feature: Check out tools at the counter
  In order to hand tools over in seconds on a busy Saturday
  As a desk volunteer
  I want to check a tool out by scanning its barcode

  Scenario: A tool in good order
    Given the member "Ruth" is in good standing
    And the hammer drill is on the shelf
    When I scan the card of "Ruth" and the barcode of the hammer drill
    Then the hammer drill is on loan to "Ruth"
    And the due date is shown in large print

  Scenario: A tool that somebody else has reserved
    Given the tile cutter is reserved by "Ahmed" for today
    When I scan the card of "Ruth" and the barcode of the tile cutter
    Then the loan is refused
    And I am shown the name of the next free tile cutter

  Scenario: A barcode that cannot be read
    When I type the number under the barcode by hand
    Then the loan goes on as if I had scanned it
