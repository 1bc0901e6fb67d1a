# Author: Jonas Brandt
# Date: 2026-07-17
Feature: Book a repair slot
  In order to be seen without waiting in line
  As a visitor
  I want to book a repair slot online

  Background:
    Given the repair café in Mill Lane opens on Thursday evening
    And one slot takes half an hour

  Scenario: A free slot
    Given the slot at 18:30 is free
    When I book the slot at 18:30 for a toaster
    Then I see the table and the time on one page
    And the slot at 18:30 is no longer offered

  Scenario Outline: Things we do not repair
    When I try to book a slot for a <thing>
    Then the booking is refused with a kind explanation

    Examples:
      | thing         |
      | microwave     |
      | gas cooker    |
      | car battery   |
